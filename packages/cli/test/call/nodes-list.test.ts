import { writeFile } from 'node:fs/promises';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readNodes } from '../../src/call/nodes-list.js';

describe('--nodes', () => {
  it('reads a file, and reports a missing file, an empty file and invalid names', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('nodes'), 'a.lab\n');
    expect(await readNodes(folder.join('nodes'))).to.deep.equal(['a.lab']);
    await writeFile(folder.join('empty'), '');
    await writeFile(folder.join('odd'), 'a.lab\nb lab\n');
    const failures = await Promise.all(
      ['empty', 'missing', 'odd'].map((name) =>
        readNodes(folder.join(name)).then(String, (error: Error) => error.message),
      ),
    );
    expect(failures[0]).to.match(/^--nodes: .*empty contains no node names$/);
    expect(failures[1]).to.match(/^--nodes: cannot read .*missing: ENOENT/);
    expect(failures[2]).to.match(/^--nodes: .*odd: line 2: "b lab" is not a valid node name/);
  });
});
