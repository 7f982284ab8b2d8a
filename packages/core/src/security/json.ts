import { TroupeError } from '../errors.js';

// JSON nests no deeper than this in any message of ours; a deeper one is an attack on what walks it.
const maxDepth = 40;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses bounded JSON of UTF-8 bytes. Throws MESSAGE_MALFORMED. */
export function parseJson(bytes: Uint8Array): unknown {
  checkDepth(bytes);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new TroupeError('MESSAGE_MALFORMED', 'the message is not JSON in UTF-8', { cause });
  }
}

function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) {
        throw new TroupeError('MESSAGE_MALFORMED', `the message is nested more than ${maxDepth} levels deep`);
      }
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}
