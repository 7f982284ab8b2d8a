import { stripVTControlCharacters } from 'node:util';
import type { Session } from '@troupe/client/application';

/** A session whose lines cannot play with the terminal, whatever nodes have said. */
export function guarded(session: Session): Session {
  const clean = session.isJson ? escaped : plain;
  return {
    ...session,
    print: (line) => session.print(clean(line)),
    note: (line) => session.note(plain(line)),
  };
}

// JSON escapes C0 by itself; line breaks are those of its indentation.
function escaped(text: string): string {
  return text.replace(/[\u007f-\u009f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/(?!\t)\p{Cc}/gu, '\ufffd');
}
