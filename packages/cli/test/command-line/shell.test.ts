import { expect } from 'chai';
import type { Command } from 'commander';
import { describe, it } from 'mocha';
import { newShell } from '../../src/program.js';
import { captured } from '../captured.js';

describe('a command that is loaded while its line is parsed', () => {
  async function optionsOf(...argv: string[]): Promise<Record<string, unknown>> {
    const { program } = newShell(captured().screen);
    let seen: Command | undefined;
    // The command itself is not run.
    program.hook('preAction', (_, command) => {
      seen = command;
      throw new Error('parsed');
    });
    const error = await program.parseAsync(argv, { from: 'user' }).catch((error: Error) => error.message);
    expect(error).to.equal('parsed');
    return seen?.optsWithGlobals() ?? {};
  }

  it('has what its negated options leave on', async () => {
    expect(await optionsOf('rpc', 'lab', 'weigh')).to.include({ results: true, progress: true });
    expect(await optionsOf('job', 'attach', 'x')).to.include({ progress: true });
    expect(await optionsOf('inventory', 'web1')).to.include({ facts: true, color: true });
  });

  it('has what they turn off', async () => {
    expect(await optionsOf('rpc', 'lab', 'weigh', '--nr')).to.include({ results: false, progress: true });
    expect(await optionsOf('inventory', 'web1', '--no-facts')).to.include({ facts: false });
  });

  it('leaves alone what an option turns on and another off', async () => {
    expect(await optionsOf('puppet', 'runonce')).to.not.have.any.keys('noop', 'splay');
  });
});
