import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { FilterNode } from '../../src/filter/evaluation.js';
import { matches } from '../../src/filter/match.js';
import { type FilterWords, parseFilter } from '../../src/filter/parse.js';

const node: FilterNode = {
  identity: 'web1.example.com',
  facts: {
    country: 'uk',
    os: { family: 'Debian', release: '12.4' },
    cpus: 8,
    roles: ['web', 'db'],
    load: '0.5',
  },
  classes: ['apache', 'apache::mod', 'role/x'],
  agents: ['rpcutil', 'puppetd'],
  data: async (name, query) => {
    if (name === 'puppet') return { enabled: false, lastrun: null, since_lastrun: 120 };
    return name === 'fstat' ? { present: query === '/etc/x' ? 1 : 0, mode: '0644' } : undefined;
  },
};

const cases: readonly (readonly [words: FilterWords, expected: boolean])[] = [
  [{}, true],
  [{ identities: ['web1.example.com'] }, true],
  [{ identities: ['web2.example.com'] }, false],
  [{ identities: ['web2.example.com', 'web1.example.com'] }, true],
  // Two that both match are no contradiction.
  [{ identities: ['web1.example.com', '/^web/'] }, true],
  [{ identities: ['web1.example.com', 'web1.example.com'] }, true],
  [{ identities: ['/^db/', '/^web/'] }, true],
  [{ identities: ['/^db/', '/^mail/'] }, false],
  [{ classes: ['apache'] }, true],
  [{ classes: ['apache', 'nginx'] }, false],
  [{ classes: ['/^apache::/'] }, true],
  [{ classes: ['/role\\/x/'] }, true],
  [{ classes: ['/Apache/'] }, false],
  [{ classes: ['/Apache/i'] }, true],
  [{ agents: ['puppetd', '/^rpc/'] }, true],
  [{ agents: ['puppetca'] }, false],
  [{ facts: ['country=uk', 'os.family=Debian'] }, true],
  [{ facts: ['country=uk', 'os.family=RedHat'] }, false],
  [{ facts: ['country!=us'] }, true],
  [{ facts: ['contry!=us'] }, false],
  [{ facts: ['roles=db'] }, true],
  [{ with: ['apache country=uk /mod/'] }, true],
  [{ with: ['apache country=us'] }, false],
  [{ select: ['apache and country=uk'] }, true],
  [{ select: ['country!=uk'] }, false],
  [{ select: ['country=~u'] }, true],
  [{ select: ['not contry=uk'] }, true],
  [{ select: ['cpus>9 or (cpus>=8 and load<0.6)'] }, true],
  [{ select: ['nginx or false and apache'] }, false],
  [{ select: ['(apache or nginx) and not /mail/'] }, true],
  [{ select: ['apache', 'nginx'] }, false],
  [{ select: ['puppet().enabled=false'] }, true],
  [{ select: ['puppet().since_lastrun>60 and puppet().since_lastrun<300'] }, true],
  [{ select: ['puppet().lastrun!=5'] }, false],
  [{ select: ["fstat('/etc/x').present=1 and fstat('/etc/y').present=0"] }, true],
  [{ select: ['fstat("/etc/x").mode=/^06/'] }, true],
  [{ identities: ['/^web/'], classes: ['apache'], facts: ['cpus>4'], select: ['!nginx'] }, true],
];

describe('a filter', () => {
  for (const [words, expected] of cases) {
    it(`${expected ? 'matches' : 'does not match'}: ${JSON.stringify(words)}`, async () => {
      expect(await matches(parseFilter(words), node)).to.equal(expected);
    });
  }

  it('asks only the data plugins that decide, each query once', async () => {
    const asked: string[] = [];
    const data = async (name: string, query?: string) => {
      asked.push(`${name}(${query ?? ''})`);
      return { x: 1, y: 2 };
    };
    const filter = parseFilter({
      select: ['nginx and a().x=1', 'apache or b().x=1', 'c("q").x=1 and c("q").y=2 and c().x=1'],
    });
    expect(await matches({ ...filter, compound: filter.compound.slice(1) }, { ...node, data })).to.equal(
      true,
    );
    expect(await matches(filter, { ...node, data })).to.equal(false);
    expect(asked).to.deep.equal(['c(q)', 'c()']);
  });

  for (const [select, reason] of [
    ['resource().x=1', 'this node has no data plugin "resource"'],
    ['not resource().x=1', 'this node has no data plugin "resource"'],
    [
      'puppet().enabeld=1',
      'the data plugin "puppet" has no output "enabeld"; its outputs: enabled, lastrun, since_lastrun',
    ],
    ['puppet().toString=1', 'has no output "toString"'],
  ] as const) {
    it(`names what the node has not: ${select}`, async () => {
      const error: unknown = await matches(parseFilter({ select: [select] }), node).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.have.property('code', 'FILTER_INVALID');
      expect(error).to.have.property('message').that.includes(reason);
    });
  }

  it('does not work for long on a regular expression made to', async () => {
    const motd = 'ab'.repeat(100_000);
    const filter = parseFilter({ facts: ['motd=/(.{1,20}){1,20}x/'] });
    const error: unknown = await matches(filter, { ...node, facts: { motd } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property('message').that.includes('are too expensive');
  });
});
