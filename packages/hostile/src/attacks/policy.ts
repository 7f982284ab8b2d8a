import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import type { AttackNetwork } from '../attack-network.js';
import type { Attack } from './attack.js';
import { ask } from './victim.js';

type Change = (policies: string) => void;

const files = { counter: 'counter.policy', byDefault: 'default.policy' } as const;

/** Somebody changes the folder of policies; whoever may not call must stay out, and the folder is restored. */
function isClosed(
  name: string,
  change: Change,
  refused: RegExp,
  { message = {}, who = 'eve.mcollective', audited = /"outcome":"denied"/ } = {},
): Attack {
  return {
    name,
    run: async (network) => {
      const folder = network.folder.join('policies');
      const copy = network.folder.join('policies-as-they-were');
      await cp(folder, copy, { recursive: true });
      change(folder);
      try {
        return await ask(network, network.request2({ caller: who, ...message }), who);
      } finally {
        await rm(folder, { recursive: true, force: true });
        await rename(copy, folder);
      }
    },
    refused: [refused],
    audited,
  };
}

function rewritten(text: string): Change {
  return (folder) => writeFileSync(`${folder}/${files.counter}`, text);
}

function moved(from: string, to: string): Change {
  return (folder) => renameSync(`${folder}/${from}`, `${folder}/${to}`);
}

const misnamed = /denied: .* its policy is not read, because the file has the wrong name/;
const invalid = /denied: .* its policy is invalid/;
const wide = 'allow\t*\t*\t*\n';

/** A request whose filter the victim must not evaluate. */
function isNotRead(name: string, filter: object): Attack {
  return {
    name,
    run: (network: AttackNetwork) => ask(network, network.request2({ filter })),
    refused: [/failed: cannot evaluate the filter/],
    audited: /cannot evaluate the filter/,
  };
}

/** Attacks on the policies of a node, and with filters. */
export const policyAttacks: readonly Attack[] = [
  isClosed(
    'a package manager renames a policy (.rpmsave)',
    moved(files.counter, 'counter.policy.rpmsave'),
    misnamed,
  ),
  isClosed('an editor leaves only a backup of a policy', moved(files.counter, 'counter.policy~'), misnamed),
  isClosed('a policy has the wrong case', moved(files.counter, 'Counter.policy'), misnamed),
  isClosed('the default policy is renamed', moved(files.byDefault, 'default.policy.rpmsave'), misnamed, {
    message: { agent: 'rpcutil', action: 'inventory', ddl: undefined },
  }),
  isClosed(
    'the groups of a policy are renamed',
    (folder) => writeFileSync(`${folder}/groups.rpmnew`, 'admins alice.mcollective\n'),
    misnamed,
  ),
  isClosed(
    'the folder of policies is empty',
    (folder) => {
      for (const file of Object.values(files)) rmSync(`${folder}/${file}`);
    },
    /denied: .* it has no policy for the agent "counter"/,
  ),
  isClosed('the folder of policies is gone', (folder) => rmSync(folder, { recursive: true }), invalid),
  isClosed(
    'a policy is a link to nowhere',
    (folder) => {
      rmSync(`${folder}/${files.counter}`);
      symlinkSync('/nowhere/counter.policy', `${folder}/${files.counter}`);
    },
    invalid,
  ),
  isClosed(
    'a policy is a folder',
    (folder) => {
      rmSync(`${folder}/${files.counter}`);
      symlinkSync('/etc', `${folder}/${files.counter}`);
    },
    invalid,
  ),
  isClosed(
    'every user can write a policy',
    (folder) => {
      writeFileSync(`${folder}/${files.counter}.new`, wide);
      renameSync(`${folder}/${files.counter}.new`, `${folder}/${files.counter}`);
      chmodSync(`${folder}/${files.counter}`, 0o666);
    },
    invalid,
  ),
  isClosed(
    'a policy is a link into a folder that every user can write',
    (folder) => {
      const open = `${folder}-of-every-user`;
      rmSync(open, { recursive: true, force: true });
      mkdirSync(open);
      writeFileSync(`${open}/${files.counter}`, wide, { mode: 0o644 });
      chmodSync(open, 0o777);
      rmSync(`${folder}/${files.counter}`);
      symlinkSync(`${open}/${files.counter}`, `${folder}/${files.counter}`);
    },
    invalid,
  ),
  isClosed('every user can write the folder of policies', (folder) => chmodSync(folder, 0o777), invalid),
  isClosed(
    'a deny line names a caller in capitals',
    rewritten(`deny\tEVE.MCOLLECTIVE\t*\t*\n${wide}`),
    invalid,
  ),
  isClosed('a deny line names a caller that is not one', rewritten(`deny\teve\t*\t*\n${wide}`), invalid),
  isClosed(
    'a deny line has the operator && of another language',
    rewritten(`deny\t*\t*\trole::web&&os.family=Debian\n${wide}`),
    invalid,
  ),
  isClosed(
    'a deny line has the operator || of another language',
    rewritten(`deny\t*\t*\ta=1||b=2\n${wide}`),
    invalid,
  ),
  isClosed(
    'a deny line has a query of another language',
    rewritten(`deny\t*\t*\tdisks.#(name="sda").size=64\n${wide}`),
    invalid,
  ),
  isClosed('a deny line has spaces instead of tabs', rewritten(`deny eve.mcollective * *\n${wide}`), invalid),
  isClosed('a deny line begins with a word in capitals', rewritten(`DENY\t*\t*\t*\n${wide}`), invalid),
  isClosed(
    'a policy is not UTF-8',
    (folder) =>
      writeFileSync(`${folder}/${files.counter}`, Buffer.from([0x23, 0xff, 0x0a, ...Buffer.from(wide)])),
    invalid,
  ),
  isClosed('a policy of two megabytes', rewritten(`${'#'.repeat(2 ** 21)}\n${wide}`), invalid),
  isClosed(
    'a caller named like a group of the policy',
    (folder) => {
      writeFileSync(`${folder}/groups`, 'admins alice.mcollective\n');
      writeFileSync(`${folder}/${files.counter}`, 'allow\tadmins\t*\t*\n');
    },
    /denied: .* denied by its policy/,
  ),
  isClosed(
    'a caller whose name begins with an allowed one',
    rewritten('allow\teve.mcollectiv alice.mcollective\t*\t*\n'),
    invalid,
  ),
  isClosed(
    'an action that only begins with an allowed one',
    rewritten('allow\teve.mcollective\tcoun\t*\n'),
    /denied: .* denied by its policy/,
  ),
  isClosed(
    'a policy depends on a fact that the node does not have',
    rewritten('allow\teve.mcollective\t*\tcountry=uk\n'),
    /denied: .* denied by its policy/,
  ),
  isNotRead('a filter with an unknown operator', {
    facts: [{ fact: 'secret', operator: '===', value: 'abc' }],
  }),
  isNotRead('a filter whose compound is text', { compound: ['not a&&b'] }),
];
