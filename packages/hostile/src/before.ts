import { allAttacks } from './suite.js';

interface Hole {
  readonly what: string;
  /** Names of attacks, or parts that several names have in common. */
  readonly attacks: readonly string[];
}

/** What did not hold before version 2 of the protocol. */
const holes: readonly Hole[] = [
  {
    what: 'the DDL of one node decided what a caller sent to all',
    attacks: [
      "a stolen node's default for an input",
      'a stolen node says that an action changes nothing',
      'a stolen node allows an input that the others do not',
      'a stolen node waits for an input',
    ],
  },
  {
    what: 'one caller used up what all callers of a node need',
    attacks: [
      'a caller fills the record of request ids',
      'a caller fills the memory for the ids',
      'a request with a ttl of a day',
      'a caller claims the id of another',
      'a caller offers seventy keys',
    ],
  },
  {
    what: 'what was not authenticated stayed in memory',
    attacks: [
      'a thousand spellings of one certificate',
      'a certificate in base64 with blanks',
      'bytes after the DER of a certificate',
    ],
  },
  {
    what: 'access was open by accident',
    attacks: [
      'a package manager renames a policy',
      'a policy has the wrong case',
      'the default policy is renamed',
      'the folder of policies is empty',
    ],
  },
  {
    what: 'operators of other languages were read as names',
    attacks: [
      'a filter with && of another language',
      'a filter with || of another language',
      'a fact filter with a query',
      'a deny line has the operator &&',
      'a deny line has the operator ||',
      'a deny line has a query',
    ],
  },
  {
    what: 'the end of the audit log was not proved, and its lines were split at the wrong characters',
    attacks: [
      'the last line of the audit log',
      'the newest file of the audit log is removed',
      'line separators of Unicode',
    ],
  },
  {
    what: 'a damaged record of requests, or a clock that was set, let a request run twice',
    attacks: [
      'the record of requests is random bytes',
      'the record of requests is empty',
      'the record of requests is zeros',
      'the record of requests is deleted',
      'the record of requests is an older copy',
      'a bit of an id in the record',
      'set forward by two hours and back',
    ],
  },
  {
    what: 'files that every user can write were executed as root',
    attacks: [
      'every user can write the program of an agent',
      'every user can write the folder of an agent',
      'every user can write the configuration',
      'every user can write the state of a node',
    ],
  },
  {
    what: 'a certificate for another purpose was accepted',
    attacks: ['a certificate for e-mail'],
  },
  {
    what: 'a secret was readable for the broker',
    attacks: ['a secret input that is not encrypted', 'a secret output for a client without a key'],
  },
  {
    what: 'the embedded broker did not limit connections',
    attacks: ['more connections than its name may have', 'a stranger opens connections and sends nothing'],
  },
  { what: 'a named pipe stopped a daemon', attacks: ['a named pipe in the folder of facts'] },
  {
    what: 'a reply changed what a terminal shows',
    attacks: ['a reply that reverses the text', 'a reply with characters without width'],
  },
];

/** The holes, each with the full names of its attacks. Throws if an attack does not exist. */
export function holesBefore(): readonly Hole[] {
  const names = allAttacks.map(({ attack }) => attack.name);
  return holes.map(({ what, attacks }) => {
    const found = attacks.flatMap((part) => {
      const matching = names.filter((name) => name.includes(part));
      if (matching.length === 0) throw new Error(`no attack is named "${part}"`);
      return matching;
    });
    return { what, attacks: [...new Set(found)] };
  });
}
