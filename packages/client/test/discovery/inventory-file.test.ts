import { emptyFilter, type FilterWords, parseFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { inventoryFile, parseInventory } from '../../src/index.js';

const text = JSON.stringify({
  $schema: 'https://choria.io/schemas/choria/discovery/v1/inventory_file.json',
  groups: [
    { name: 'malta', filter: { facts: ['country=mt'], classes: ['web'] } },
    { name: 'named', filter: { identities: ['/^db/'] } },
    { name: 'mixed', filter: { compound: 'web and not country=mt' } },
    { name: 'all' },
  ],
  nodes: [
    {
      name: 'Web1.lab',
      collectives: ['mcollective'],
      facts: { country: 'mt', os: { family: 'Debian' } },
      classes: ['web'],
      agents: ['rpcutil', 'puppet'],
    },
    { name: 'web2.lab', facts: { country: 'de' }, classes: ['web'], agents: ['rpcutil'] },
    { name: 'db1.lab', facts: { country: 'mt' } },
    { name: 'far.lab', collectives: ['other'], facts: { country: 'mt' } },
  ],
});

describe('an inventory file', () => {
  const find = async (words: FilterWords, identities: readonly string[] = [], source = text) => {
    const filter = { ...parseFilter(words), identities };
    const inventory = inventoryFile({ text: source, where: 'FILE' });
    const { nodes, rest } = await inventory.find({ filter, collective: 'mcollective' });
    return { names: nodes.map(({ identity }) => identity), rest };
  };

  const table: readonly [
    what: string,
    FilterWords,
    identities: readonly string[],
    names: readonly string[],
  ][] = [
    ['all of a collective', {}, [], ['web1.lab', 'web2.lab', 'db1.lab']],
    ['facts', { facts: ['os.family=Debian'] }, [], ['web1.lab']],
    ['classes', { classes: ['web'] }, [], ['web1.lab', 'web2.lab']],
    ['a compound filter', { select: ['web and country=de'] }, [], ['web2.lab']],
    ['agents, where they are listed', { agents: ['puppet'] }, [], ['web1.lab', 'db1.lab']],
    ['a name and a pattern', {}, ['web1.lab', '/^db/'], ['web1.lab', 'db1.lab']],
    ['a group', {}, ['group:malta'], ['web1.lab']],
    ['groups, each of them enough', {}, ['group:malta', 'group:named'], ['web1.lab', 'db1.lab']],
    ['a group of a compound filter', {}, ['group:mixed'], ['web2.lab']],
    ['a group without a filter', {}, ['group:all'], ['web1.lab', 'web2.lab', 'db1.lab']],
    ['a group and more conditions', { facts: ['country=de'] }, ['group:malta'], []],
  ];
  for (const [what, words, identities, names] of table) {
    it(`finds by ${what}`, async () => expect((await find(words, identities)).names).to.deep.equal(names));
  }

  it('leaves data functions and agents to the nodes', async () => {
    const { names, rest } = await find({ select: ["fstat('/etc/motd').size > 0"], agents: ['puppet'] });
    expect(names).to.deep.equal(['web1.lab', 'db1.lab']);
    expect(rest.compound).to.have.length(1);
    expect(rest).to.deep.include({ agents: ['puppet'], facts: [], classes: [], identities: [] });
  });

  it('may begin with a byte order mark', async () => {
    expect((await find({}, ['group:malta'], `\uFEFF${text}`)).names).to.deep.equal(['web1.lab']);
  });

  it('is YAML as well', async () => {
    const yaml =
      'groups:\n  - name: web\n    filter:\n      classes: [web]\nnodes:\n  - name: a\n    classes: [web]\n  - name: b\n';
    expect((await find({}, ['group:web'], yaml)).names).to.deep.equal(['a']);
  });

  const bad: readonly [what: string, text: string, message: string][] = [
    ['a text that is neither', '{"nodes":', 'FILE is neither JSON nor YAML'],
    ['a list', '- a', 'FILE is not an object'],
    ['nodes that are no list', '{"nodes":{}}', 'FILE: nodes is not a list'],
  ];
  for (const [what, source, message] of bad) {
    it(`refuses ${what}`, () => expect(() => parseInventory(source, 'FILE')).to.throw(message));
  }

  for (const [what, filter, message] of [
    [
      'with a broken filter',
      { facts: ['country'] },
      'has a filter that cannot be used: "country" is not a fact filter',
    ],
    [
      "with Choria's with()",
      { compound: 'with("apache") && !with("nginx")' },
      'has a filter that cannot be used (an expression of Choria: write with("web")',
    ],
    ['with an operator of another language', { compound: 'not web||db' }, 'unexpected ||: write "or"'],
    ['with a glob', { identities: ['web*'] }, '"web*" is not a valid identity: it contains "*"'],
    [
      'that asks data plugins',
      { compound: 'puppet().enabled=true' },
      'data functions cannot be used with an inventory file',
    ],
    ['with facts that are no texts', { facts: [1] }, 'filter.facts is not a list of strings'],
  ] as const) {
    it(`is usable if it has a group ${what}, but not by that group`, async () => {
      const inventory = JSON.parse(text);
      const source = JSON.stringify({ ...inventory, groups: [{ name: 'odd', filter }, ...inventory.groups] });
      expect((await find({}, ['group:malta'], source)).names).to.deep.equal(['web1.lab']);
      const failure = await find({}, ['group:odd'], source).catch(String);
      expect(failure).to.include('FILE: groups[0] (odd)').and.to.include(message);
      expect(parseInventory(source, 'FILE').warnings).to.deep.equal([]);
    });
  }

  it('leaves out nodes that cannot be read and groups without a name, with a warning', () => {
    const source = JSON.stringify({
      groups: [{ filter: {} }],
      nodes: [{ facts: {} }, { name: 'a', classes: [1] }, { name: 'b' }, 7],
    });
    const { nodes, warnings } = parseInventory(source, 'FILE');
    expect(nodes).to.deep.equal([{ identity: 'b' }]);
    expect(warnings).to.deep.equal([
      'FILE: groups[0] has no name: the group is left out',
      'FILE: nodes[0].name: nothing is not a valid node name (a-z, 0-9, ".", "_", "-"): the node is left out',
      'FILE: nodes[1].classes is not a list of strings: the node is left out',
      'FILE: nodes[3] is not an object: the node is left out',
    ]);
    const many = JSON.stringify({ nodes: Array(9).fill({}) });
    expect(parseInventory(many, 'FILE').warnings.at(-1)).to.equal('FILE: 4 more entries are left out');
  });

  it('says which group is meant by a slip', async () => {
    const failure = await find({}, ['group:mlata']).catch(String);
    expect(failure).to.include('FILE has no group "mlata" (did you mean "malta"?)');
  });

  it('knows what it read', () => {
    const { nodes, groups } = parseInventory(text, 'FILE');
    expect(nodes[0]).to.deep.equal({
      identity: 'web1.lab',
      collectives: ['mcollective'],
      facts: { country: 'mt', os: { family: 'Debian' } },
      classes: ['web'],
      agents: ['rpcutil', 'puppet'],
    });
    expect(groups.get('all')).to.deep.equal(emptyFilter);
  });
});
