{{/* Names and labels that several files share. */}}
{{- define "gearshift.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "gearshift.selector" -}}
app.kubernetes.io/name: gearshift
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "gearshift.labels" -}}
{{ include "gearshift.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "gearshift.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The longest that an answer may take, in whole seconds. */}}
{{- define "gearshift.longestAnswer" -}}
{{- $limits := .Values.config.limits | default dict -}}
{{- $shutdown := .Values.config.shutdown | default dict -}}
{{- $grace := $limits.total_seconds | default 600 -}}
{{- if not (kindIs "invalid" $shutdown.grace_seconds) -}}{{- $grace = $shutdown.grace_seconds -}}{{- end -}}
{{- add (ceil $grace) (ceil ($shutdown.delay_seconds | default 0)) -}}
{{- end -}}
