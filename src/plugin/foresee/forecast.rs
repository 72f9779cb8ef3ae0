//! Runs the operator's passes over manifests in the order in which they depend, and writes down what they would do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_config::SdkConfig;
use kube::Client;
use kube::core::DeserializeGuard;
use serde_json::{Value, json};

use super::manifests::Manifest;
use super::merge::{self, Stored};
use super::shadow::{Key, Shadow, Written, key_of};
use super::value::{Forecast, Foretold, Outcome, member, planned};
use super::wire::{Call, ReadOnly};
use crate::api::names::{FINALIZER, tag};
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use crate::aws::web::http_client;
use crate::aws::{Aws, AwsSettings, LimiterSettings, Scope};
use crate::controllers::clock::Clock;
use crate::controllers::context::{Config, Context, Stores};
use crate::controllers::drive::{self, Reconcile};
use crate::controllers::foreseen::{Foreseen, Told};
use crate::controllers::relations::{Wakes, Woken};
use crate::plugin::exit::PluginError;
use crate::plugin::kind::Kind;
use crate::runtime::metrics::Metrics;

/// A group moves through so many statuses at most before it does something.
const GROUP_PASSES: usize = 12;

/// What a forecast is made from.
#[derive(Clone, Debug)]
pub struct Question {
    /// The manifests, each in its namespace.
    pub manifests: Vec<Manifest>,
    /// AWS as the person may use it.
    pub aws: SdkConfig,
    /// The time.
    pub clock: Clock,
    /// The operator's settings.
    pub config: Config,
}

/// The passes' surroundings.
struct Stage {
    cx: Context,
    shadow: Shadow,
    wire: ReadOnly,
    /// Is there no Kubernetes that knows UIDs?
    offline: bool,
    forecast: Forecast,
    /// Objects as Kubernetes has them.
    live: BTreeMap<Key, Value>,
    asked: BTreeSet<Key>,
    _woken: Woken,
}

/// What one pass left.
#[derive(Default)]
struct Passed {
    calls: Vec<Call>,
    written: Vec<Written>,
    told: Told,
}

/// What the operator would do with manifests. Without a client of Kubernetes only AWS is asked.
pub async fn forecast(question: Question, kube: Option<Client>) -> Result<Forecast, PluginError> {
    let real = http_client(&question.aws);
    let real = real.ok_or_else(|| PluginError::Cloud("there is no HTTP client".to_owned()))?;
    let wire = ReadOnly::before(real);
    let config = question.aws.to_builder().http_client(wire.clone()).build();
    let limiter = LimiterSettings { share: 1.0, ..LimiterSettings::default() };
    let aws = Aws::new(config, AwsSettings { limiter, own_credentials: true, ..AwsSettings::default() });
    let account = aws.identity(&Scope::new(question.config.region.clone())).await?;
    wire.set_account(&account);

    let shadow = Shadow::of(kube.clone());
    let metrics = Metrics::with_aws(aws.metrics(), true);
    let (wakes, woken) = Wakes::new();
    let client = shadow.client(question.clock.now());
    let mut cx = Context::new(client, aws, question.clock, Stores::empty(), question.config, metrics, wakes);
    cx.foreseen = Foreseen::listening();
    let forecast = Forecast { account: Some(account), ..Forecast::default() };
    let offline = kube.is_none();
    let (live, asked) = (BTreeMap::new(), BTreeSet::new());
    let mut stage = Stage { cx, shadow, wire, offline, forecast, live, asked, _woken: woken };
    if let Some(kube) = &kube {
        stage.load(kube, &question.manifests).await?;
    }
    for manifest in &question.manifests {
        stage.take(manifest, kube.as_ref()).await;
    }
    Box::pin(stage.run()).await;
    Ok(stage.forecast.counted())
}

impl Stage {
    /// Fills the shadow with what exists in the manifests' namespaces.
    async fn load(&mut self, kube: &Client, manifests: &[Manifest]) -> Result<(), PluginError> {
        let keys = manifests.iter().filter_map(|manifest| key_of(&manifest.object));
        let namespaces: BTreeSet<String> = keys.map(|key| key.1).filter(|name| !name.is_empty()).collect();
        for kind in Kind::ALL {
            let places: Vec<Option<&str>> = if kind.is_namespaced() {
                namespaces.iter().map(|namespace| Some(namespace.as_str())).collect()
            } else {
                vec![None]
            };
            for place in places {
                let api = crate::plugin::cluster::objects(kube, kind, place);
                match api.list(&kube::api::ListParams::default()).await {
                    Ok(list) => {
                        for object in list.items {
                            let mut value = serde_json::to_value(&object).unwrap_or_default();
                            json_patch::merge(&mut value, &json!({"kind": kind.name()}));
                            self.live.extend(key_of(&value).map(|key| (key, value.clone())));
                            self.placed(&mut value);
                            self.shadow.put(value);
                        }
                    }
                    Err(kube::Error::Api(refused)) if kind == Kind::Account && refused.code == 403 => {
                        self.without_accounts();
                    }
                    Err(error) => return Err(PluginError::kubernetes(format!("listing {}", kind.name()))(error)),
                }
            }
        }
        Ok(())
    }

    /// Nobody may look at accounts: their limits are not known, and the person's own credentials stand for them.
    fn without_accounts(&mut self) {
        self.forecast
            .notes
            .push("AwsAccounts may not be listed: their limits and default roles are not known".to_owned());
        self.own_account();
    }

    /// Without accounts, everything is where the person's credentials are.
    fn placed(&self, object: &mut Value) {
        if self.cx.config.ambient.accounts {
            return;
        }
        for (place, member) in [("/spec", "accountRef"), ("/status/account", "name")] {
            if let Some(members) = object.pointer_mut(place).and_then(Value::as_object_mut) {
                members.remove(member);
            }
        }
    }

    fn own_account(&mut self) {
        let mut config = (*self.cx.config).clone();
        config.ambient.accounts = false;
        self.cx.config = Arc::new(config);
    }

    /// Takes a manifest in, as the API server would store it.
    async fn take(&mut self, manifest: &Manifest, kube: Option<&Client>) {
        let Some(key) = key_of(&manifest.object) else { return };
        let live = self.live.get(&key).cloned();
        let stored = if let Some(kube) = kube {
            merge::dry_run(kube, manifest, live.as_ref()).await
        } else {
            self.own_account();
            Stored::Object(merge::fresh(manifest))
        };
        let mut object = match stored {
            Stored::Object(object) => object,
            Stored::Guessed(object, note) => {
                self.forecast.notes.push(note);
                object
            }
            Stored::Refused(message) => {
                let refused = ("InvalidSpec".to_owned(), message);
                self.forecast.objects.push(self.foretold(&key, Some(refused), true, &Passed::default(), None));
                return;
            }
        };
        json_patch::merge(&mut object, &json!({"kind": manifest.kind.name()}));
        self.placed(&mut object);
        self.asked.insert(key);
        self.shadow.put(object);
    }

    async fn run(&mut self) {
        let of = |kind: Kind, all: &BTreeSet<Key>| all.iter().filter(|key| key.0 == kind).cloned().collect::<Vec<_>>();
        let asked = self.asked.clone();
        let all: BTreeSet<Key> = self.shadow.objects().iter().filter_map(key_of).collect();
        // Which namespaces an account is for, somebody has to have looked.
        for key in of(Kind::Account, &all) {
            if self.cx.config.ambient.accounts {
                self.pass(&key).await;
            }
        }
        for key in of(Kind::Cluster, &asked) {
            self.one(&key).await;
        }
        let mut moved = BTreeSet::new();
        for key in of(Kind::Definition, &asked) {
            let revision = |shadow: &Shadow| shadow.get(&key)?.pointer("/status/arn").cloned();
            let was = revision(&self.shadow);
            // Content of an earlier revision is that revision again, without a call.
            if self.one(&key).await || revision(&self.shadow) != was {
                moved.insert(key);
            }
        }
        let mut children = BTreeMap::new();
        for key in of(Kind::Group, &asked) {
            if self.offline {
                self.not_offline(&key);
            } else {
                children.extend(self.group(&key).await.into_iter().map(|child| (child, key.clone())));
            }
        }
        for (child, _) in children.iter().filter(|(child, _)| child.0 == Kind::Definition) {
            self.one(child).await;
        }
        let mut services: BTreeSet<Key> = of(Kind::Service, &asked).into_iter().collect();
        services.extend(children.keys().filter(|child| child.0 == Kind::Service).cloned());
        services.extend(self.dependants(&moved));
        for key in services {
            self.one(&key).await;
        }
        for object in &mut self.forecast.objects {
            let key = children.iter().find(|(child, _)| child.0.name() == object.kind && child.2 == object.name);
            object.part_of = key.map(|(_, group)| format!("{}/{}", group.0.singular(), group.2));
        }
    }

    /// Services, not in the files, that refer to task definitions that come to another revision.
    fn dependants(&self, moved: &BTreeSet<Key>) -> Vec<Key> {
        let refers = |object: &Value| {
            let key = key_of(object).filter(|key| key.0 == Kind::Service)?;
            let name = object.pointer("/spec/taskDefinitionRef/name")?.as_str()?;
            moved.iter().any(|other| other.1 == key.1 && other.2 == name).then_some(key)
        };
        self.shadow.objects().iter().filter_map(refers).collect()
    }

    /// Without its status nobody knows the versions of a group.
    fn not_offline(&mut self, key: &Key) {
        let why = "which versions a group has stands in its status; plan it without --offline";
        let refused = ("NotPlanned".to_owned(), why.to_owned());
        let group = self.foretold(key, Some(refused), true, &Passed::default(), None);
        self.forecast.objects.push(group);
    }

    /// Foretells an object. Does it change?
    async fn one(&mut self, key: &Key) -> bool {
        let before = self.shadow.get(key);
        let mut passed = self.pass(key).await;
        if self.offline && self.recognised(key) {
            passed = self.pass(key).await;
        }
        let asked = self.asked.contains(key);
        let told = self.foretold(key, None, asked, &passed, before.as_ref());
        let changes = !passed.calls.is_empty();
        if key.0 == Kind::Cluster && changes && !told.refused {
            self.ready(key, passed.calls.first());
        }
        self.forecast.objects.push(told);
        changes
    }

    /// Foretells a group; gives the objects of versions that it makes, changes or deletes.
    async fn group(&mut self, key: &Key) -> Vec<Key> {
        let before = self.shadow.get(key);
        let status = |shadow: &Shadow| shadow.get(key).and_then(|group| group.get("status").cloned());
        let mut passed = Passed::default();
        for _ in 0..GROUP_PASSES {
            let was = status(&self.shadow);
            passed = self.pass(key).await;
            let acted = !passed.calls.is_empty() || passed.written.iter().any(|written| written.key != *key);
            if acted || status(&self.shadow) == was {
                break;
            }
        }
        let asked = self.asked.contains(key);
        let told = self.foretold(key, None, asked, &passed, before.as_ref());
        self.forecast.objects.push(told);
        passed.written.into_iter().map(|written| written.key).filter(|other| other != key).collect()
    }

    /// One pass of the operator over an object, in the shadow.
    async fn pass(&mut self, key: &Key) -> Passed {
        let objects = self.shadow.objects();
        let Some(object) = self.shadow.get(key) else { return Passed::default() };
        let mut cx = self.cx.clone();
        cx.stores = Stores::holding(&objects);
        let cx = Arc::new(cx);
        let name = match key.0 {
            Kind::Account => visit::<AwsAccount>(object, cx).await,
            Kind::Cluster => visit::<EcsCluster>(object, cx).await,
            Kind::Group => visit::<ServerGroup>(object, cx).await,
            Kind::Service => visit::<EcsService>(object, cx).await,
            Kind::Definition => visit::<EcsTaskDefinition>(object, cx).await,
        };
        let told = self.cx.foreseen.take(&(name, key.1.clone(), key.2.clone())).unwrap_or_default();
        Passed { calls: self.wire.take(), written: self.shadow.take_written(), told }
    }

    /// Without Kubernetes, AWS's tags tell the UID of the object that made a resource. Was it another one?
    fn recognised(&mut self, key: &Key) -> bool {
        let Some(mut object) = self.shadow.get(key) else { return false };
        let of = |tags: &Value, name: &str| {
            let tags = tags.as_array()?;
            let tag = tags.iter().find(|tag| tag.get("key").and_then(Value::as_str) == Some(name))?;
            Some(tag.get("value")?.as_str()?.to_owned())
        };
        let owners = self.wire.take_owners();
        let mine = |tags: &&Value| {
            let is = |name: &str, wanted: &str| of(tags, name).as_deref() == Some(wanted);
            is(tag::INSTALLATION, &self.cx.config.installation)
                && is(tag::KIND, key.0.name())
                && is(tag::NAMESPACE, &key.1)
                && is(tag::NAME, &key.2)
        };
        let Some(uid) = owners.iter().find(mine).and_then(|tags| of(tags, tag::UID)) else { return false };
        let fresh = json!({"metadata": {"uid": uid, "finalizers": [FINALIZER]}, "status": null});
        json_patch::merge(&mut object, &fresh);
        self.shadow.put(object);
        true
    }

    /// A cluster that will be as asked for: what depends on it is planned against it.
    fn ready(&self, key: &Key, call: Option<&Call>) {
        let Some(mut cluster) = self.shadow.get(key) else { return };
        let name = call.and_then(|call| call.request.get("clusterName")?.as_str());
        let account = self.forecast.account.as_deref().unwrap_or_default();
        let made = name.zip(call).map(|(name, call)| {
            let (partition, region) = (crate::preflight::partition(&call.region), &call.region);
            format!("arn:{partition}:ecs:{region}:{account}:cluster/{name}")
        });
        let generation = cluster.pointer("/metadata/generation").cloned();
        let time = self.cx.clock.now().to_string();
        let condition = json!({
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": time,
            "observedGeneration": generation,
        });
        let mut status = json!({"observedGeneration": generation, "conditions": [condition]});
        if let Some(arn) = made {
            json_patch::merge(&mut status, &json!({"arn": arn}));
        }
        json_patch::merge(&mut cluster, &json!({"status": status}));
        self.shadow.put(cluster);
    }

    fn foretold(
        &self,
        key: &Key,
        refused: Option<(String, String)>,
        asked: bool,
        passed: &Passed,
        before: Option<&Value>,
    ) -> Foretold {
        let after = self.shadow.get(key);
        let condition = |kind: &str| {
            let all = after.as_ref()?.pointer("/status/conditions")?.as_array()?;
            all.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind)).cloned()
        };
        let text = |condition: &Option<Value>, name: &str| {
            let text = condition.as_ref().and_then(|condition| condition.get(name)?.as_str());
            super::answers::spoken(text.unwrap_or_default())
        };
        let ready = condition("Ready");
        let stalled = text(&condition("Stalled"), "status") == "True";
        let calls = planned(&passed.calls, &passed.told);
        let wanted = passed.told.intents.iter().any(|intent| intent.is_call);
        let acts = !calls.is_empty() || !passed.written.is_empty();
        let is_refused = refused.is_some() || (stalled && !acts && text(&ready, "reason") != "PlanPending");
        let steps = passed.told.intents.iter().filter(|intent| intent.is_call);
        let in_kubernetes = key.0 == Kind::Group || (wanted && !acts);
        let (reason, message) = refused.unwrap_or_else(|| (text(&ready, "reason"), text(&ready, "message")));
        let mut told = Foretold {
            kind: key.0.name(),
            namespace: key.1.clone(),
            name: key.2.clone(),
            part_of: None,
            asked,
            outcome: Outcome::None,
            refused: is_refused,
            held: wanted && !acts,
            reason,
            message,
            steps: steps.filter(|_| in_kubernetes).map(|intent| super::answers::spoken(&intent.text)).collect(),
            calls,
            stuck: passed.told.stuck.iter().map(|change| member(change, None)).collect(),
        };
        told.outcome = outcome(&told, passed, before);
        told
    }
}

/// What becomes of the object.
fn outcome(told: &Foretold, passed: &Passed, before: Option<&Value>) -> Outcome {
    let calls = |verb: &str| passed.calls.iter().any(|call| call.operation.starts_with(verb));
    let deleting = before.is_some_and(|before| before.pointer("/metadata/deletionTimestamp").is_some());
    let makes = passed.written.iter().any(|written| written.verb == "create" && written.key.0 == Kind::Service);
    let is_new = |pointer: &str| before.and_then(|before| before.pointer(pointer)).is_none_or(Value::is_null);
    let first = told.calls.iter().flat_map(|call| &call.changes).all(|change| change.from.is_none());
    if deleting && (calls("Delete") || calls("Deregister")) {
        Outcome::Delete
    } else if told.reason == "ReplacementRequired" {
        Outcome::Replaces
    } else if calls("CreateService") || calls("CreateCluster") {
        Outcome::Create
    } else if calls("RegisterTaskDefinition") {
        if is_new("/status/arn") && first { Outcome::Create } else { Outcome::InPlace }
    } else if makes {
        if is_new("/status/versions/0") { Outcome::Create } else { Outcome::Rolls }
    } else if told.calls.iter().flat_map(|call| &call.changes).any(|change| change.effect == Some("rolls")) {
        Outcome::Rolls
    } else if !passed.calls.is_empty() || !passed.written.is_empty() {
        Outcome::InPlace
    } else {
        Outcome::None
    }
}

async fn visit<K: Reconcile>(object: Value, cx: Arc<Context>) -> &'static str {
    if let Ok(object) = serde_json::from_value::<DeserializeGuard<K>>(object) {
        drive::pass(Arc::new(object), cx).await;
    }
    K::KIND
}
