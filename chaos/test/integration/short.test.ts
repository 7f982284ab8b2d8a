import { fileURLToPath } from 'node:url';
import { startProcess } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

describe('npm run chaos', () => {
  it('provisions twenty nodes although everything dies now and then', async function () {
    this.timeout(240_000);
    const words = ['--seed', '5', '--nodes', '20', '--groups', '2', '--seconds', '10'];
    await using chaos = startProcess(process.execPath, [main, ...words]);
    const { code } = await chaos.exited;
    expect(code, chaos.output).to.equal(0);
    expect(chaos.output).to.match(/│ healthy +│ 17 +│ 17 provisioned/);
  });

  it('says what it would break', async () => {
    await using chaos = startProcess(process.execPath, [main, '--plan', '--seconds', '5', '--nodes', '3']);
    await chaos.exited;
    const { faults, nodes } = JSON.parse(chaos.output) as { faults: unknown[]; nodes: unknown[] };
    expect(faults).to.have.length.above(10);
    expect(nodes).to.have.lengthOf(3);
  });

  it('refuses what it does not understand', async () => {
    await using chaos = startProcess(process.execPath, [main, '--nodes', 'many']);
    expect(await chaos.exited).to.include({ code: 2 });
    expect(chaos.output).to.contain('invalid --nodes "many": it must be a whole number, at least 1');
  });
});
