import { isIP } from 'node:net';
import { ProvisionError } from '../provision-error.js';
import { type Change, changeText, type ManagedFileOptions } from './managed-file.js';
import { putBlock, takeBlock } from './marked-block.js';

/** Makes `names` mean `address` in a hosts file, in a marked block; touches nothing else in it. */
export async function setHostsEntry(
  file: string,
  address: string,
  names: readonly string[],
  options: ManagedFileOptions,
): Promise<Change> {
  checkAddress(address);
  return await changeText(file, (text) => withHostsEntry(text, address, names), options);
}

/** A hosts file's text with our block in it. */
export function withHostsEntry(text: string, address: string, names: readonly string[]): string {
  const outside = takeBlock(text);
  const rival = outside.lines.findIndex((line) => isEntryFor(line, names));
  const place = outside.at ?? outside.lines.length;
  // The first line that has a name wins, so ours goes before any other that has it.
  const at = rival === -1 ? place : Math.min(place, rival);
  return putBlock(outside, at, [`${address} ${names.join(' ')}`]);
}

/** Throws unless `address` is an IPv4 or IPv6 address. */
export function checkAddress(address: string): void {
  if (isIP(address) === 0)
    throw new ProvisionError(`"${address.slice(0, 60)}" is neither an IPv4 nor an IPv6 address`);
}

function isEntryFor(line: string, names: readonly string[]): boolean {
  const [, ...found] = (line.split('#')[0] ?? '').trim().split(/\s+/);
  return found.some((name) => names.includes(name.toLowerCase()));
}
