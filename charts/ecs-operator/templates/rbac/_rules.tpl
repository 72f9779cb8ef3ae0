{{/* What the operator does in a watched namespace, and nothing more. A test removes each verb, and compares the whole
with what the API server saw. Kinds that only people apply can be neither created nor updated: a stray write cannot
bring a deleted object back. */}}
{{- define "ecs-operator.rules" -}}
- apiGroups: [ecs-operator.dev]
  resources: [ecsclusters, servergroups]
  verbs: [get, list, watch, patch]
- apiGroups: [ecs-operator.dev]
  resources: [ecsservices, ecstaskdefinitions]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [ecs-operator.dev]
  resources: [ecsclusters/status, ecsservices/status, ecstaskdefinitions/status, servergroups/status]
  verbs: [patch]
{{- if .Values.rbac.ownerReferencesPermissionEnforcement }}
- apiGroups: [ecs-operator.dev]
  resources: [servergroups/finalizers]
  verbs: [update]
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- if .Values.configMaps.enabled }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
{{- end }}
{{- end -}}

{{/* What it does outside namespaces. */}}
{{- define "ecs-operator.accountRules" -}}
- apiGroups: [ecs-operator.dev]
  resources: [awsaccounts]
  verbs: [get, list, watch, patch]
- apiGroups: [ecs-operator.dev]
  resources: [awsaccounts/status]
  verbs: [patch]
{{- if .Values.accounts.namespaceSelectors }}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list]
{{- end }}
{{- end -}}

{{- define "ecs-operator.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "ecs-operator.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
