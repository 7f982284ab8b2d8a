import { writeFile } from 'node:fs/promises';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseNodes, readNodes } from '../src/nodes-list.js';

describe('--nodes', () => {
  const good: readonly [what: string, text: string, nodes: readonly string[]][] = [
    ['lines', 'a.lab\nb.lab\n', ['a.lab', 'b.lab']],
    [
      'lines with comments, blanks, capitals and repetitions',
      '# web\n  A.lab  # first\n\na.lab\r\nb.lab',
      ['a.lab', 'b.lab'],
    ],
    ['nothing', '\n# nobody\n', []],
    ['JSON of names', '["a.lab", "b.lab"]', ['a.lab', 'b.lab']],
    [
      'JSON of replies, as MCollective prints them',
      '[{"sender":"a.lab","statuscode":0},{"sender":"b.lab"}]',
      ['a.lab', 'b.lab'],
    ],
    ['JSON of PuppetDB', '[{"certname":"a.lab"}]', ['a.lab']],
    [
      'JSON of mco rpc',
      '{"agent":"x","replies":[{"sender":"a.lab"}],"no_answer":[{"sender":"b.lab"}]}',
      ['a.lab'],
    ],
    ['JSON of mco rpc without replies', '{"agent":"x","replies":[]}', []],
    ['an inventory', '{"nodes":[{"name":"a.lab"}]}', ['a.lab']],
    [
      'lines of JSON of mco rpc --jsonl',
      '{"kind":"discovery","nodes":["a.lab","b.lab"]}\n{"kind":"progress","sender":"b.lab"}\n{"kind":"result","sender":"a.lab"}\n{"kind":"stats"}\n',
      ['a.lab'],
    ],
    ['one line of JSON', '{"sender":"a.lab"}', ['a.lab']],
  ];
  for (const [what, text, nodes] of good) {
    it(what, () => expect(parseNodes(text, 'FILE')).to.deep.equal(nodes));
  }

  const bad: readonly [what: string, text: string, message: string][] = [
    ['a name that is none', 'a.lab\nb lab\n', '--nodes: FILE: line 2: "b lab" is no name of a node'],
    ['half of a JSON text', '["a.lab"', '--nodes: FILE looks like JSON and is none'],
    ['JSON of something else', '[{"x":1}]', '--nodes: FILE: entry 1: nothing is no name of a node'],
    ['JSON of numbers', '[1]', '--nodes: FILE: entry 1: 1 is no name of a node'],
  ];
  for (const [what, text, message] of bad) {
    it(`refuses ${what}`, () => expect(() => parseNodes(text, 'FILE')).to.throw(message));
  }

  it('reads a file, and says when there is none or nobody in it', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('nodes'), 'a.lab\n');
    expect(await readNodes(folder.join('nodes'))).to.deep.equal(['a.lab']);
    await writeFile(folder.join('empty'), '');
    const failures = await Promise.all(
      ['empty', 'missing'].map((name) =>
        readNodes(folder.join(name)).then(String, (error: Error) => error.message),
      ),
    );
    expect(failures[0]).to.match(/^--nodes: .*empty names no node$/);
    expect(failures[1]).to.match(/^--nodes: cannot read .*missing: ENOENT/);
  });
});
