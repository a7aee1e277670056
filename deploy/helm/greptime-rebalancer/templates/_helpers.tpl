{{- define "rebalancer.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "rebalancer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rebalancer.labels" -}}
{{ include "rebalancer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "rebalancer.serviceAccount" -}}
{{- default (include "rebalancer.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{- define "rebalancer.isReplicated" -}}
{{- if gt (int .Values.replicas) 1 }}true{{ end }}
{{- end }}

{{/* How the port is spoken to. */}}
{{- define "rebalancer.scheme" -}}
{{- if .Values.secrets.tls.existingSecret }}https{{ else }}http{{ end }}
{{- end }}

{{/* The configuration as the rebalancer reads it. What the chart sets stands over what the values say. */}}
{{- define "rebalancer.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $set := dict "state" (dict "path" "/data") "server" (dict "listen" "0.0.0.0:9480") }}
{{- $service := include "rebalancer.fullname" . }}
{{- $own := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) }}
{{- $_ := set $set.server "allowedHosts" (concat (dig "server" "allowedHosts" list $config) $own) }}
{{- if .Values.secrets.server.existingSecret }}
{{- $_ := set $set.server "tokenFile" "/run/secrets/server/token" }}
{{- end }}
{{- if .Values.secrets.tls.existingSecret }}
{{- $_ := set $set.server "tls" (dict "certFile" "/run/secrets/tls/tls.crt" "keyFile" "/run/secrets/tls/tls.key") }}
{{- end }}
{{- if .Values.secrets.greptimedb.existingSecret }}
{{- $username := required "secrets.greptimedb.username goes with secrets.greptimedb.existingSecret" .Values.secrets.greptimedb.username }}
{{- $_ := set $set "cluster" (dict "sql" (dict "username" $username "passwordFile" "/run/secrets/greptimedb/password")) }}
{{- end }}
{{- if include "rebalancer.isReplicated" . }}
{{- $lease := dict "lease" (include "rebalancer.fullname" .) }}
{{- $_ := set $set "ha" (merge (dict "provider" "kubernetes" "kubernetes" $lease) .Values.ha) }}
{{- end }}
{{- toYaml (mergeOverwrite $config $set) }}
{{- end }}
