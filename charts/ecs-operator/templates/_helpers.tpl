{{- define "ecs-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "ecs-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "ecs-operator.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of objects outside namespaces: two releases of one name may stand in two namespaces. */}}
{{- define "ecs-operator.clusterName" -}}
{{- printf "%s.%s" (include "ecs-operator.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "ecs-operator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ecs-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "ecs-operator.selector" -}}
app.kubernetes.io/name: {{ include "ecs-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ecs-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "ecs-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ecs-operator.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Is the object of a foreign CRD to be rendered? Arguments: root, values, API. */}}
{{- define "ecs-operator.foreign" -}}
{{- $known := .root.Capabilities.APIVersions.Has .api -}}
{{- if .values.enabled -}}
{{- if or $known (eq .values.renderMode "always") -}}true
{{- else if eq .values.renderMode "fail" -}}
{{- fail (printf "the cluster does not serve %s; install its CRD, or set renderMode to skip" .api) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What cannot work is refused before anything is applied. */}}
{{- define "ecs-operator.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail "replicas must be 0 or 1 when leaderElection.enabled is false: two would work on the same objects" -}}
{{- end -}}
{{- if and (hasPrefix "http://" .Values.aws.endpointUrl) (not .Values.aws.allowInsecureEndpoint) -}}
{{- fail "aws.endpointUrl must be https unless aws.allowInsecureEndpoint is true" -}}
{{- end -}}
{{- if and .Values.admissionPolicies.roles.enabled (not .Values.accounts.enabled) -}}
{{- fail "admissionPolicies.roles needs accounts.enabled" -}}
{{- end -}}
{{- if and .Values.admissionPolicies.imageRegistries.enabled (not .Values.admissionPolicies.imageRegistries.allowed) -}}
{{- fail "admissionPolicies.imageRegistries.allowed must name a registry" -}}
{{- end -}}
{{- $names := list -}}
{{- range fromYamlArray (include "ecs-operator.env" .) -}}
{{- if has .name $names -}}
{{- fail (printf "extraEnv must not set %s, which the chart sets" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end -}}
