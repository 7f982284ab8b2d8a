import { counterHash } from '../counter.js';
import { runMco } from '../mco.js';
import { playNode } from '../played-node.js';
import type { Attack } from './attack.js';

/** A filter in another language: `mco` must refuse it, and not select by a reading of its own. */
function isNotSelected(name: string, option: string, filter: string, why: RegExp): Attack {
  return {
    name,
    run: (network) => runMco(network, 'find', option, filter),
    refused: [/^(?![\s\S]*^web1\.lab$)[\s\S]*exit [1-9]/m, why],
  };
}

/** A stolen node replies with a text that must not reach the terminal as it is. */
function isEscaped(name: string, text: string, shown: RegExp): Attack {
  return {
    name,
    run: async (network) => {
      await playNode(network, 'web2.lab', ({ payload }) =>
        payload.agent === 'counter'
          ? {
              outcome: 'failed',
              statuscode: 5,
              statusmsg: `broken ${text}`,
              ddl: { version: '1.0.0', hash: counterHash },
            }
          : undefined,
      );
      const said = await runMco(network, 'rpc', 'counter', 'read', '-I', 'web2.lab');
      return `${said}; as it was: ${said.includes(text)}`;
    },
    refused: [shown, /; as it was: false$/],
  };
}

/** Attacks on whoever reads and writes on a terminal. */
export const terminalAttacks: readonly Attack[] = [
  isNotSelected(
    'a filter with && of another language',
    '-S',
    'not (role::web&&profile::base)',
    /"?&&"?.*and/,
  ),
  isNotSelected('a filter with || of another language', '-S', 'not a||b', /"?\|\|"?.*or/),
  isNotSelected('a fact filter with a query of another language', '-F', 'disks.#(name="sda").size=64', /#/),
  isEscaped('a reply that sets the title of the terminal', '\x1b]0;root\x07', /broken\s/),
  isEscaped('a reply that reverses the text after it', '\u202egnp.exe', /broken \?gnp\.exe/),
  isEscaped('a reply with characters without width', 'a\u200bb\u2066c', /broken a\?b\?c/),
];
