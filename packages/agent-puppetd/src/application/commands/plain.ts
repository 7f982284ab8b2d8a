import { stripVTControlCharacters } from 'node:util';
import type { Session } from '@troupe/client/application';
import { printable } from '@troupe/core/internal';

/** A session whose lines for people contain no control sequences for the terminal, whatever nodes have sent. */
export function guarded(session: Session): Session {
  return {
    ...session,
    print: (line) => session.print(plain(line)),
    note: (line) => session.note(plain(line)),
  };
}

function plain(text: string): string {
  return printable(stripVTControlCharacters(text), { keep: '\t', mark: '\ufffd' });
}
