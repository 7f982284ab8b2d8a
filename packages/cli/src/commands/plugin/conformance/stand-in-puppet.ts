/**
 * A shell script that stands in for Puppet: it answers `config print` and `agent --onetime`, and writes report and
 * summary as Puppet does. All its files are in its own folder. The file `behaviour` there changes the next runs:
 * wait=FILE: they wait for it; ran=NAME: the environment in which they end; status=WORD: the one in the report;
 * exit=N; report=no: they write none, as a run that was killed.
 */
export function standInPuppet(certname: string): string {
  return `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e "$here/behaviour" ] || . "$here/behaviour"
ssl=$here/ssl
setting() {
  case $1 in
  certname) echo ${certname} ;;
  config) echo "$here/puppet.conf" ;;
  ssldir) echo "$ssl" ;;
  hostcert) echo "$ssl/certs/${certname}.pem" ;;
  hostcsr) echo "$ssl/certificate_requests/${certname}.pem" ;;
  hostprivkey) echo "$ssl/private_keys/${certname}.pem" ;;
  hostpubkey) echo "$ssl/public_keys/${certname}.pem" ;;
  localcacert) echo "$ssl/certs/ca.pem" ;;
  hostcrl) echo "$ssl/crl.pem" ;;
  environment) echo production ;;
  server | ca_server) echo puppet ;;
  ca_port) echo 8140 ;;
  *) echo "$here/$1" ;;
  esac
}
case $1 in
config)
  # "config" is also the name of a setting.
  shift
  names=
  for word; do
    case $word in print | agent | main | --*) ;; *) names="$names $word" ;; esac
  done
  set -- $names
  if [ $# = 1 ] ; then setting "$1"; else for name; do echo "$name = $(setting "$name")"; done; fi
  exit 0
  ;;
agent) ;;
*)
  echo "Error: Unknown Puppet subcommand '$1'" >&2
  exit 1
  ;;
esac
asked=production job=
line="$*"
while [ $# -gt 0 ]; do
  case $1 in
  --environment) asked=$2 ;;
  --environment=*) asked=\${1#*=} ;;
  --job-id) job=$2 ;;
  --job-id=*) job=\${1#*=} ;;
  esac
  shift
done
printf '%s\\n' "$line" >>"$here/calls"
echo "Info: Applying configuration version '1' in \${ran:-$asked}"
[ -z "$wait" ] || until [ -e "$here/$wait" ]; do sleep 0.05; done
if [ "$report" != no ]; then
  cat >"$here/lastrunreport.new" <<REPORT
---
host: ${certname}
time: '$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)'
configuration_version: 1
status: \${status:-changed}
transaction_completed: true
noop: false
noop_pending: false
environment: \${ran:-$asked}
logs: []
job_id: $job
cached_catalog_status: not_used
REPORT
  mv "$here/lastrunreport.new" "$here/lastrunreport"
  printf -- '---\\nresources:\\n  changed: 3\\n  failed: 0\\n  total: 10\\ntime:\\n  last_run: %s\\n' "$(date +%s)" >"$here/lastrunfile"
fi
echo 'Notice: Applied catalog in 0.05 seconds'
exit "\${exit:-2}"
`;
}
