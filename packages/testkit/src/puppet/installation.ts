import { existsSync } from 'node:fs';
import { execaSync } from 'execa';
import { missingCommands, searchPath } from '../processes/installed.js';

/** The class path of the packaged server: its manifest names every library. */
export const serverJar = '/usr/share/puppetserver/puppetserver.jar';
export const serverRuby = '/usr/lib/puppetserver/ruby/vendor_ruby';
export const serverGems = '/usr/lib/puppetserver/vendored-jruby-gems';
export const jrubyLibrary = '/usr/share/jruby/lib';

const isRoot = () => process.getuid?.() === 0;

/** Why no real Puppet Server can run on this machine, or undefined. */
export function puppetServerMissing(): string | undefined {
  if (process.platform !== 'linux') return 'Puppet Server requires Linux';
  const commands = missingCommands('java', 'puppetserver', 'setpriv');
  if (commands.length > 0)
    return `${commands.join(', ')} not installed (Debian: apt-get install puppetserver)`;
  const files = [serverJar, serverRuby, serverGems, jrubyLibrary].filter((path) => !existsSync(path));
  if (files.length > 0) return `Puppet Server is not installed as on Debian: not found: ${files.join(', ')}`;
  if (isRoot() && execaSync('id', ['puppet'], { reject: false }).exitCode !== 0) {
    return 'Puppet Server does not run as root, and the user puppet does not exist';
  }
  return undefined;
}

/** Why Puppet cannot be run on a host of this machine, or undefined. */
export function puppetAgentMissing(): string | undefined {
  const commands = missingCommands('puppet', 'facter');
  return commands.length > 0
    ? `${commands.join(', ')} not installed (Debian: apt-get install puppet-agent)`
    : undefined;
}

/** The user who runs Puppet Servers, where root starts them; undefined where the current user does. */
export const serverUser = (): string | undefined => (isRoot() ? 'puppet' : undefined);

/** The words that run a command as the server's user, with an environment of its own. */
export function asServerUser(home: string): readonly string[] {
  const user = serverUser();
  const clean = ['env', '-i', `PATH=${searchPath}`, `HOME=${home}`, 'LANG=C.UTF-8'];
  if (!user) return clean;
  // The kernel forgets to kill it with its parent when the user changes, so that is said once more.
  return [
    'setpriv',
    '--reuid',
    user,
    '--regid',
    user,
    '--init-groups',
    '--pdeathsig',
    'KILL',
    '--',
    ...clean,
  ];
}
