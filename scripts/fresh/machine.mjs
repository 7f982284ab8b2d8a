import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onSignal, run } from '../command.mjs';
import { installPackages, mayInstall } from '../debian.mjs';
import { summaryOf } from './summary.mjs';

/** The Debians that are tried, each with the Node and npm that it has itself, by their code names. */
export const debians = { 12: 'bookworm', 13: 'trixie' };

const MIRROR = 'http://deb.debian.org/debian';
const DEBOOTSTRAP = { name: 'debootstrap', file: '/usr/sbin/debootstrap' };
const CLONE = '/root/troupe';

/** This machine cannot make a fresh one; the message says what to do. */
export class FreshFailed extends Error {
  name = 'FreshFailed';
}

/**
 * Makes a machine with Debian `version`, clones `source` (its last commit) into it and runs `commands`, each the
 * arguments of an npm. Returns a row for each command; after one that failed the others are still run.
 */
export async function tryOn(version, { source, commands, keep = false }) {
  if (process.getuid?.() !== 0)
    throw new FreshFailed('permission denied: creating a root folder requires root: run it with sudo');
  await provideDebootstrap();
  const folder = mkdtempSync(join(tmpdir(), `troupe-debian-${version}-`));
  // It becomes a root folder, which all users enter.
  chmodSync(folder, 0o755);
  try {
    await make(folder, debians[version]);
    await run('git', ['clone', '--quiet', '--no-local', source, join(folder, CLONE)]);
    const node = (await inside(folder, 'node --version', { print: false })).output.trim().replace('v', '');
    const rows = [];
    for (const args of commands) rows.push({ debian: version, node, ...(await npm(folder, args)) });
    return rows;
  } finally {
    if (keep) console.error(`test:fresh: Debian ${version} is in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function provideDebootstrap() {
  const report = (text) => console.error(`test:fresh: ${text}`);
  if (!existsSync(DEBOOTSTRAP.file) && mayInstall()) await installPackages([DEBOOTSTRAP], report);
  if (!existsSync(DEBOOTSTRAP.file))
    throw new FreshFailed('debootstrap is not installed (Debian: apt-get install debootstrap)');
}

async function make(folder, suite) {
  console.error(`test:fresh: creating a minimal Debian (${suite}) …`);
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', suite, folder, MIRROR]);
  // A power cut would cost nothing but this folder, and dpkg waits for the disk with every file.
  writeFileSync(join(folder, 'etc/dpkg/dpkg.cfg.d/fresh'), 'force-unsafe-io\n');
  // An installer writes it, debootstrap does not.
  writeFileSync(join(folder, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  // How this machine reaches the network, and whom it trusts there.
  cpSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'), { dereference: true });
  copyFolder('/usr/local/share/ca-certificates', folder);
  copyFolder('/etc/apt/apt.conf.d', folder, /proxy/i);
  const install = 'apt-get install -y -q --no-install-recommends git nodejs npm';
  const script = ['update-ca-certificates', 'apt-get update -q', install].join(' && ');
  const { code, output } = await inside(folder, script, { print: false });
  if (code !== 0) throw new FreshFailed(`cannot install Node in a fresh Debian (${suite}):\n${output}`);
}

function copyFolder(path, folder, pattern = /./) {
  if (!existsSync(path)) return;
  mkdirSync(join(folder, path), { recursive: true });
  for (const name of readdirSync(path).filter((entry) => pattern.test(entry)))
    cpSync(join(path, name), join(folder, path, name), { dereference: true });
}

async function npm(folder, args) {
  const command = `npm ${args.join(' ')}`;
  console.error(`test:fresh: ${command} …`);
  const started = Date.now();
  const { code, output } = await inside(folder, `cd ${CLONE} && exec ${command}`, { print: true });
  const seconds = Math.round((Date.now() - started) / 1000);
  return { command, seconds, ...summaryOf(code, output) };
}

// A process tree and mounts of its own, which are gone when its first process ends.
const ENTER = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ENVIRONMENT = [
  `PATH=${PATH}`,
  'HOME=/root',
  'LANG=C.UTF-8',
  'DEBIAN_FRONTEND=noninteractive',
  'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
];
// Its first process adopts what others leave behind and must see to their ends, as a shell that waits does. The folder
// becomes the root of the mount namespace, and not only of a process: nsenter would lead out of a chroot.
const BECOME_ROOT = [
  'mount --bind "$1" "$1"',
  'mount -t proc proc "$1/proc"',
  'mount --rbind /sys "$1/sys"',
  'mount --rbind /dev "$1/dev"',
  'mount -t tmpfs -o mode=0755 tmpfs "$1/run"',
  'cd "$1"',
  'pivot_root . mnt',
  `exec chroot . sh -c 'umount -l /mnt; env -i ${ENVIRONMENT.join(' ')} sh -c "$1"; exit $?' sh "$2"`,
].join(' && ');

async function inside(folder, script, { print }) {
  const child = spawn('unshare', [...ENTER, 'sh', '-c', BECOME_ROOT, 'sh', folder, script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const signals = onSignal(() => child.kill('SIGKILL'));
  let output = '';
  for (const [stream, out] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
      if (print) out.write(text);
    });
  }
  try {
    const [code] = await once(child, 'close');
    if (signals.received) throw new FreshFailed(`interrupted by ${signals.received}`);
    return { code, output };
  } finally {
    signals.release();
  }
}
