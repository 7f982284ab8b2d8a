import { TroupeError } from '../errors.js';
import { isInexact, parseExactJson } from '../exact-numbers.js';

// JSON nests no deeper than this in any message of ours; a deeper one is an attack on what walks it.
const maxDepth = 40;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses bounded JSON of UTF-8 bytes, in which no object has a key twice. Integers beyond 2^53 become texts with their
 * digits. Throws MESSAGE_MALFORMED.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const members = countMembers(bytes);
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new TroupeError('MESSAGE_MALFORMED', 'the message is not JSON in UTF-8', { cause });
  }
  const found = { members: 0, isExact: true };
  survey(value, found);
  if (found.members !== members)
    throw new TroupeError('MESSAGE_MALFORMED', 'the message has an object with the same key twice');
  // Most messages hold no such number, and the exact way is slow.
  return found.isExact ? value : parseExactJson(text);
}

// Parsers differ in which of two equal keys they take.
function countMembers(bytes: Uint8Array): number {
  let members = 0;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x3a) members += 1;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) {
        throw new TroupeError('MESSAGE_MALFORMED', `the message is nested more than ${maxDepth} levels deep`);
      }
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return members;
}

function survey(value: unknown, found: { members: number; isExact: boolean }): void {
  if (typeof value === 'number') {
    if (isInexact(value)) found.isExact = false;
  } else if (Array.isArray(value)) {
    for (const item of value) survey(item, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      found.members += 1;
      survey((value as Record<string, unknown>)[key], found);
    }
  }
}
