{{/* Head of a policy. Arguments: root, name. */}}
{{- define "ecs-operator.policyHead" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "ecs-operator.clusterName" .root }}-{{ .name }}
  labels:
    {{- include "ecs-operator.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail
{{- end -}}

{{/* What a policy looks at. Arguments: resources, operations. Scoped to what this release serves. */}}
{{- define "ecs-operator.policyMatch" -}}
matchConstraints:
  {{- with .root.Values.scope.namespaces }}
  namespaceSelector:
    matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: In
      values: {{ toJson . }}
  {{- end }}
  resourceRules:
  - apiGroups: [ecs-operator.dev]
    apiVersions: [v1alpha1]
    operations: {{ toJson .operations }}
    resources: {{ toJson .resources }}
{{- end -}}

{{/* An object from before the policy takes every edit that leaves its spec alone: labels, finalizers, deletion. */}}
{{- define "ecs-operator.policySpecChanged" -}}
matchConditions:
- name: spec-changed
  expression: oldObject == null || object.spec != oldObject.spec
{{- end -}}

{{/* Its binding. Arguments: root, name, parameters. */}}
{{- define "ecs-operator.policyBinding" -}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ include "ecs-operator.clusterName" .root }}-{{ .name }}
  labels:
    {{- include "ecs-operator.labels" .root | nindent 4 }}
spec:
  policyName: {{ include "ecs-operator.clusterName" .root }}-{{ .name }}
  {{- if .parameters }}
  paramRef:
    selector: {}
    parameterNotFoundAction: Allow
  {{- end }}
  validationActions: [Deny]
{{- end -}}
