import { execaSync } from 'execa';
import { missingCommands, searchPath } from '../processes/installed.js';

let tried: { reason: string | undefined } | undefined;

/** Why hosts in namespaces cannot be made here, or undefined: it is tried once, in namespaces that vanish at once. */
export function namespacesMissing(): string | undefined {
  tried ??= { reason: reason() };
  return tried.reason;
}

function reason(): string | undefined {
  if (process.platform !== 'linux') return 'namespaces require Linux';
  if (process.getuid?.() !== 0) return 'network namespaces require root';
  const commands = missingCommands('ip', 'unshare', 'nsenter', 'setpriv', 'mount', 'hostname');
  if (commands.length > 0)
    return `${commands.join(', ')} not installed (Debian: apt-get install iproute2 util-linux)`;
  const options = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const { failed, stderr } = execaSync('unshare', [...options, '--', 'sh', '-c', trial], {
    reject: false,
    env: { PATH: searchPath },
    timeout: 10_000,
  });
  return failed
    ? `the system does not permit root to create namespaces: ${stderr.split('\n')[0]}`
    : undefined;
}

const trial = `
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
ip link add bridge type bridge
ip link add one type veth peer name other
ip link set one master bridge
hostname trial
`;
