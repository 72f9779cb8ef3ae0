//! What ECS says of a service: its tasks, those that stopped lately, its events.

use aws_sdk_ecs::types::{Container, Tag, Task, TaskDefinition, TaskDefinitionField};
use jiff::Timestamp;

use super::{Cloud, Place};
use crate::aws::pages::TaskFilter;
use crate::aws::{AwsError, Op, Priority, Scope};
use crate::plugin::exit::PluginError;
use crate::plugin::tree::task::{ContainerSeen, ServiceSeen, TaskSeen};
use crate::plugin::tree::{Happening, Object, short};

impl Cloud {
    /// The tasks of a service, those that stopped lately too.
    pub async fn tasks(&self, object: &Object) -> Result<Vec<TaskSeen>, PluginError> {
        let place = self.place(object)?;
        let scope = self.check(&place).await?;
        let mut arns = Vec::new();
        for stopped in [false, true] {
            let filter = TaskFilter { service: Some(place.service.clone()), stopped, ..TaskFilter::default() };
            arns.extend(self.aws.list_tasks(&scope, &place.cluster, &filter, Priority::Edit).await?);
        }
        let answers = self.aws.describe_tasks(&scope, &place.cluster, &arns, Priority::Edit).await;
        let mut tasks = Vec::new();
        for answer in answers.into_values() {
            tasks.extend(answer?.map(|task| seen(&task)));
        }
        tasks.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
        Ok(tasks)
    }

    /// As [`Cloud::tasks`], with trouble as a part of the answer.
    pub async fn service(&self, object: &Object) -> ServiceSeen {
        match self.tasks(object).await {
            Ok(tasks) => ServiceSeen { tasks, trouble: None },
            Err(error) => ServiceSeen { tasks: Vec::new(), trouble: Some(error.to_string()) },
        }
    }

    /// ECS's own events of a service, the oldest first.
    pub async fn events(&self, object: &Object) -> Result<Vec<Happening>, PluginError> {
        let place = self.place(object)?;
        let scope = self.check(&place).await?;
        let found = self.aws.describe_service(&scope, &place.cluster, &place.service, Priority::Edit).await?;
        let events = found.and_then(|service| service.events).unwrap_or_default();
        let told = |event: &aws_sdk_ecs::types::ServiceEvent| {
            let note = event.message()?.to_owned();
            let warning = ["unable to", "unhealthy", "failed"].iter().any(|word| note.contains(word));
            let at = event.created_at().and_then(time);
            Some(Happening {
                at,
                warning,
                about: object.address(),
                reason: "ECS".to_owned(),
                note,
                times: 1,
                source: "ecs",
            })
        };
        let mut all: Vec<Happening> = events.iter().filter_map(told).collect();
        all.reverse();
        Ok(all)
    }

    /// A revision and its tags.
    pub(super) async fn revision(&self, scope: &Scope, name: &str) -> Result<(TaskDefinition, Vec<Tag>), AwsError> {
        let call = self.aws.ecs(scope).describe_task_definition().task_definition(name);
        let call = || call.include(TaskDefinitionField::Tags).send();
        let answer = self.aws.call(scope, Op::DescribeTaskDefinition, Priority::Edit, call).await?;
        let definition = answer.task_definition.unwrap_or_else(|| TaskDefinition::builder().build());
        Ok((definition, answer.tags.unwrap_or_default()))
    }

    /// The log driver's options of the containers of a revision: container → options of `awslogs`.
    pub async fn log_options(
        &self,
        place: &Place,
        scope: &Scope,
        definition: &str,
    ) -> Result<Vec<(String, std::collections::HashMap<String, String>)>, PluginError> {
        let answer = self.aws.ecs(scope).describe_task_definition().task_definition(definition).send().await;
        let answer = answer.map_err(|error| super::act::refused("DescribeTaskDefinition", place, &error))?;
        let containers = answer.task_definition.and_then(|definition| definition.container_definitions);
        let options = |container: aws_sdk_ecs::types::ContainerDefinition| {
            let configuration = container.log_configuration.filter(|logs| logs.log_driver.as_str() == "awslogs")?;
            Some((container.name?, configuration.options.unwrap_or_default()))
        };
        Ok(containers.unwrap_or_default().into_iter().filter_map(options).collect())
    }
}

fn time(time: &aws_sdk_ecs::primitives::DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}

fn seen(task: &Task) -> TaskSeen {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let details = || task.attachments().iter().flat_map(aws_sdk_ecs::types::Attachment::details);
    let address = details().find(|pair| pair.name() == Some("privateIPv4Address"));
    let arn = text(task.task_arn());
    TaskSeen {
        id: short(&arn).to_owned(),
        task_definition: short(task.task_definition_arn().unwrap_or_default()).to_owned(),
        last_status: text(task.last_status()),
        desired_status: text(task.desired_status()),
        health: task.health_status().map(|health| health.as_str().to_owned()).unwrap_or_default(),
        containers: task.containers().iter().map(container).collect(),
        created_at: task.created_at().and_then(time),
        started_at: task.started_at().and_then(time),
        stopped_at: task.stopped_at().and_then(time),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        address: address.and_then(|pair| pair.value().map(str::to_owned)),
        zone: task.availability_zone().map(str::to_owned),
        launch: task
            .capacity_provider_name()
            .or(task.launch_type().map(aws_sdk_ecs::types::LaunchType::as_str))
            .map(str::to_owned),
        exec: task.enable_execute_command(),
        arn,
    }
}

fn container(container: &Container) -> ContainerSeen {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    ContainerSeen {
        name: text(container.name()),
        image: text(container.image()),
        last_status: text(container.last_status()),
        health: container.health_status().map(|health| health.as_str().to_owned()).unwrap_or_default(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    }
}
