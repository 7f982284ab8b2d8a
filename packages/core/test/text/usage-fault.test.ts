import { parseArgs } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { usageFault } from '../../src/text/usage-fault.js';

describe('a usage error', () => {
  for (const [message, expected] of [
    ["missing required argument 'id'", 'missing argument <id>'],
    ["required option '--caller <name>' not specified", 'missing option --caller <name>'],
    ["option '-o, --output <file>' argument missing", '-o, --output <file> needs a value'],
    ['no DDL file given', 'no DDL file given'],
  ] as const)
    it(`is reported as "${expected}"`, () =>
      expect(usageFault(message, 'mco --help')).to.equal(`${expected} (see mco --help)`));

  const reported = (...args: string[]) => {
    try {
      parseArgs({ args, options: { config: { type: 'string', short: 'c' }, check: { type: 'boolean' } } });
    } catch (error) {
      return usageFault((error as Error).message, 'mcod --help');
    }
    return undefined;
  };

  for (const [args, expected] of [
    [['--frob'], 'unknown option --frob'],
    [['-c'], '-c, --config <value> needs a value'],
    [['-c', '--check'], '-c needs a value'],
    [['--check=1'], '--check takes no value'],
    [['web1'], 'unexpected argument "web1"'],
  ] as const)
    it(`of parseArgs is reported as "${expected}"`, () =>
      expect(reported(...args)).to.equal(`${expected} (see mcod --help)`));
});
