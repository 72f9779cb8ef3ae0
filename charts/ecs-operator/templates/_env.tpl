{{/* The operator's settings. Every name is the variable of one of its flags. */}}
{{- define "ecs-operator.env" -}}
- name: ECS_OPERATOR_INSTALLATION_ID
  value: {{ .Values.installationId | quote }}
{{- with .Values.scope.namespaces }}
- name: ECS_OPERATOR_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aws.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.endpointUrl }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
- name: ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT
  value: {{ .Values.aws.allowInsecureEndpoint | quote }}
- name: ECS_OPERATOR_ACCOUNTS
  value: {{ .Values.accounts.enabled | quote }}
- name: ECS_OPERATOR_AMBIENT_NAMESPACES
  value: {{ join "," .Values.accounts.ambient.allowedNamespaces | quote }}
- name: ECS_OPERATOR_AMBIENT_TASK_ROLES
  value: {{ join "," .Values.accounts.ambient.allowedTaskRoles | quote }}
- name: ECS_OPERATOR_AMBIENT_EXECUTION_ROLES
  value: {{ join "," .Values.accounts.ambient.allowedExecutionRoles | quote }}
- name: ECS_OPERATOR_METRIC_HOSTS
  value: {{ join "," .Values.accounts.metricHosts | quote }}
- name: ECS_OPERATOR_MANAGEMENT_MODE
  value: {{ .Values.mode | quote }}
- name: ECS_OPERATOR_DEFAULT_DELETION_POLICY
  value: {{ .Values.deletionPolicy | quote }}
- name: ECS_OPERATOR_DEFAULT_DRIFT_POLICY
  value: {{ .Values.driftPolicy | quote }}
- name: ECS_OPERATOR_CONCURRENCY
  value: {{ int .Values.concurrency | quote }}
{{- with .Values.concurrencyOf }}
- name: ECS_OPERATOR_CONCURRENCY_OF
  value: {{ include "ecs-operator.pairs" . | quote }}
{{- end }}
- name: ECS_OPERATOR_SWEEP_INTERVAL_SECONDS
  value: {{ int .Values.sweepIntervalSeconds | quote }}
{{- with .Values.sweepIntervalSecondsOf }}
- name: ECS_OPERATOR_SWEEP_INTERVAL_SECONDS_OF
  value: {{ include "ecs-operator.pairs" . | quote }}
{{- end }}
- name: ECS_OPERATOR_FOLLOW_INTERVAL_SECONDS
  value: {{ int .Values.followIntervalSeconds | quote }}
- name: ECS_OPERATOR_LIMITER_SHARE
  value: {{ .Values.awsQuotaShare | quote }}
{{- with .Values.awsQuotas }}
- name: ECS_OPERATOR_LIMITER_QUOTAS
  value: {{ include "ecs-operator.pairs" . | quote }}
{{- end }}
- name: ECS_OPERATOR_DELETION_BRAKE
  value: {{ .Values.deletionBrake | quote }}
{{- with .Values.events.queueUrls }}
- name: ECS_OPERATOR_EVENT_QUEUES
  value: {{ join "," . | quote }}
{{- end }}
- name: ECS_OPERATOR_CONFIG_MAPS
  value: {{ .Values.configMaps.enabled | quote }}
- name: ECS_OPERATOR_LEADER_ELECT
  value: {{ .Values.leaderElection.enabled | quote }}
- name: ECS_OPERATOR_LEASE_NAME
  value: {{ include "ecs-operator.leaseName" . | quote }}
- name: ECS_OPERATOR_ADMIN_ADDRESS
  value: {{ printf "%s:%d" .Values.metrics.address (int .Values.metrics.port) | quote }}
- name: ECS_OPERATOR_METRICS_PER_OBJECT
  value: {{ .Values.metrics.perObject | quote }}
{{- with .Values.tracing.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
- name: ECS_OPERATOR_LOG_FORMAT
  value: {{ .Values.logging.format | quote }}
- name: ECS_OPERATOR_LOG_LEVEL
  value: {{ .Values.logging.level | quote }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A number for each of some kinds, as the flags take it. */}}
{{- define "ecs-operator.pairs" -}}
{{- $parts := list -}}
{{- range $name, $value := . -}}
{{- $parts = append $parts (printf "%s=%v" $name $value) -}}
{{- end -}}
{{- join "," $parts -}}
{{- end -}}

{{- define "ecs-operator.leaseName" -}}
{{- default (include "ecs-operator.fullname" .) .Values.leaderElection.leaseName -}}
{{- end -}}
