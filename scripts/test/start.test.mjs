import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { runtimeOf } from '../runtime.mjs';
import { root } from '../setup.mjs';

describe('a script that npm starts', () => {
  let folder;
  let script;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-start-'));
    script = join(folder, 'script.mjs');
    // It imports the set-up as the real ones do, which start.mjs has loaded already.
    const code = `import { root } from ${JSON.stringify(join(root, 'scripts/setup.mjs'))};
      console.log(JSON.stringify([root, process.execPath, process.argv.slice(1)]));
      process.exitCode = 7;`;
    writeFileSync(script, code);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('runs on the pinned Node, with its own arguments and exit code', () => {
    const args = ['scripts/start.mjs', script, '--grep', 'a b'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(JSON.parse(stdout)).to.deep.equal([root, runtimeOf(root), [script, '--grep', 'a b']]);
    expect(status).to.equal(7);
  });
});
