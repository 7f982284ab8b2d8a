import { truncate, writeFile } from 'node:fs/promises';
import { emptyFilter, parseFilter } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flatfile, parseNodes } from '../../src/index.js';

describe('a list of nodes', () => {
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
      'a document of mco --json, without those that said nothing',
      '{"version":1,"command":"rpc","results":[{"sender":"a.lab","state":"failed"},{"sender":"b.lab","state":"offline"}],"statistics":null,"errors":[]}',
      ['a.lab'],
    ],
    ['a document of mco find --json', '{"version":1,"results":[{"sender":"a.lab"}]}', ['a.lab']],
    ['a document without results', '{"version":1,"results":[],"errors":[{"code":"NO_NODES"}]}', []],
    [
      'lines of mco --jsonl, without those that said nothing',
      '{"version":1,"kind":"discovery","nodes":["a.lab","b.lab"]}\n{"version":1,"kind":"result","sender":"a.lab","state":"ok"}\n{"version":1,"kind":"result","sender":"b.lab","state":"no-reply"}\n{"version":1,"kind":"error","code":"INTERRUPTED"}\n',
      ['a.lab'],
    ],
    ['a line of mco --jsonl that is an error', '{"version":1,"kind":"error","code":"NO_NODES"}', []],
    [
      'JSON of mco rpc before it had a version',
      '{"agent":"x","replies":[{"sender":"a.lab"}],"no_answer":[{"sender":"b.lab"}]}',
      ['a.lab'],
    ],
    ['the same without replies', '{"agent":"x","replies":[]}', []],
    ['an inventory', '{"nodes":[{"name":"a.lab"}]}', ['a.lab']],
    [
      'lines of mco rpc --jsonl before they had a version',
      '{"kind":"discovery","nodes":["a.lab","b.lab"]}\n{"kind":"progress","sender":"b.lab"}\n{"kind":"result","sender":"a.lab"}\n{"kind":"stats"}\n',
      ['a.lab'],
    ],
    ['one line of JSON', '{"sender":"a.lab"}', ['a.lab']],
    ['YAML of names', '# web\n- a.lab\n- b.lab # last\n', ['a.lab', 'b.lab']],
    ['a YAML document of names', '---\n- A.lab\n', ['a.lab']],
    ['YAML of an inventory', 'nodes:\n  - name: a.lab\n  - name: b.lab\n', ['a.lab', 'b.lab']],
  ];
  for (const [what, text, nodes] of good) {
    it(what, () => expect(parseNodes(text, 'FILE')).to.deep.equal(nodes));
  }

  const bad: readonly [what: string, text: string, message: string][] = [
    ['a name that is none', 'a.lab\nb lab\n', 'FILE: line 2: "b lab" is not a valid node name'],
    ['half of a JSON text', '["a.lab"', 'FILE looks like JSON but is not valid JSON'],
    ['JSON of something else', '[{"x":1}]', 'FILE: entry 1: nothing is not a valid node name'],
    [
      'a document of mco --json that is not of nodes',
      '{"version":1,"results":[{"name":"mcollective","count":2}]}',
      'FILE: entry 1: nothing is not a valid node name',
    ],
    ['JSON of numbers', '[1]', 'FILE: entry 1: 1 is not a valid node name'],
    ['a broken YAML text', '- "a.lab\n- b', 'FILE looks like YAML but is not valid YAML'],
    ['a YAML text of something else', 'web:\n  - a.lab\n', 'FILE: entry 1: nothing is not a valid node name'],
  ];
  for (const [what, text, message] of bad) {
    it(`refuses ${what}`, () => expect(() => parseNodes(text, 'FILE')).to.throw(message));
  }

  const request = { filter: emptyFilter, collective: 'mcollective' };

  it('is read from a file, and fails if the file does not exist or is empty', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('nodes'), 'a.lab\n');
    const { nodes } = await flatfile(folder.join('nodes')).find(request);
    expect(nodes).to.deep.equal([{ identity: 'a.lab' }]);
    await writeFile(folder.join('empty'), '');
    const failures = await Promise.all(
      ['empty', 'missing'].map((name) =>
        flatfile(folder.join(name))
          .find(request)
          .then(String, (error: Error) => error.message),
      ),
    );
    expect(failures[0]).to.match(/empty contains no nodes$/);
    expect(failures[1]).to.match(/^cannot read .*missing: ENOENT/);
  });

  it('is not read where it is larger than any list', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('nodes'), 'a.lab\n');
    await truncate(folder.join('nodes'), 256 * 1024 * 1024 + 1);
    const error = await flatfile(folder.join('nodes'))
      .find(request)
      .catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'FILE_UNREADABLE');
    expect(String(error)).to.include('it has 268435457 bytes; the limit is 268435456');
  });

  it('judges names, every pattern of them, and leaves the rest to the nodes', async () => {
    const filter = parseFilter({ identities: ['/^web/', 'db1'], classes: ['apache'] });
    const list = flatfile({ text: 'web1\nweb2\ndb1\ndb2\n', where: 'standard input' });
    const { nodes, rest } = await list.find({ ...request, filter });
    expect(nodes.map(({ identity }) => identity)).to.deep.equal(['web1', 'web2', 'db1']);
    expect(rest).to.deep.equal({ ...emptyFilter, classes: ['apache'] });
  });
});
