import { ProvisionError } from '../provision-error.js';
import { checkAddress } from './hosts-file.js';
import { type Change, changeText, type ManagedFileOptions } from './managed-file.js';
import { putBlock, takeBlock } from './marked-block.js';

// Settings that Puppet's agent prefers to `server`. One of its own for the CA is right: compile masters share a CA.
const overriding = ['server_list'];

/** Sets `server` in a puppet.conf, in a marked block; for hosts whose hosts file cannot be used. */
export async function setServer(file: string, address: string, options: ManagedFileOptions): Promise<Change> {
  checkAddress(address);
  return await changeText(file, (text) => withServer(text, file, address), options);
}

/** A puppet.conf's text with our block in it; throws if other settings override it. */
export function withServer(text: string, file: string, address: string): string {
  const outside = takeBlock(text);
  let section = 'main';
  let main: number | undefined;
  let agent: number | undefined;
  let agentHasServer = false;
  for (const [index, line] of outside.lines.entries()) {
    const [, heading] = /^\s*\[(\w+)\]/.exec(line) ?? [];
    if (heading !== undefined) {
      section = heading;
      if (section === 'main') main ??= index + 1;
      if (section === 'agent') agent ??= index + 1;
    }
    const [, setting = ''] = /^\s*(\w+)\s*=/.exec(line) ?? [];
    if (section !== 'main' && section !== 'agent') continue;
    if (overriding.includes(setting)) {
      throw new ProvisionError(`${file} sets ${setting} in [${section}], which overrides server: remove it`);
    }
    if (section === 'agent' && setting === 'server') agentHasServer = true;
  }
  // Within a section the first value wins; [agent] wins over [main].
  const at = agentHasServer ? agent : main;
  const setting = `server = ${address}`;
  return at === undefined ? putBlock(outside, 0, ['[main]', setting]) : putBlock(outside, at, [setting]);
}
