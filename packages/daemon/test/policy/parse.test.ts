import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseGroups } from '../../src/policy/groups.js';
import { parsePolicy } from '../../src/policy/parse.js';

const groups = parseGroups('#people\nadmins rip.mcollective alice.mcollective\n', 'groups');
const parse = (text: string) => parsePolicy(text, 'x.policy', { groups, callers: /\.mcollective$/ });

describe('parsePolicy', () => {
  it('reads lines, comments, defaults and groups', () => {
    const policy = parse(
      '\uFEFF# a comment\r\npolicy default allow\r\n\r\ndeny\t/^guest/\t*\t*\nallow\tadmins\tsign list\tos.family=Debian memory>=4\tapache /^web/\n',
    );
    expect(policy.default).to.deep.equal({ allow: true, line: 2 });
    const [deny, allow] = policy.rules;
    expect(deny).to.deep.include({
      line: 4,
      allow: false,
      callers: ['/^guest/'],
      actions: undefined,
      facts: undefined,
    });
    expect(allow).to.deep.include({
      line: 5,
      allow: true,
      callers: ['rip.mcollective', 'alice.mcollective'],
      actions: ['sign', 'list'],
    });
    expect(allow?.facts?.facts).to.have.length(2);
    expect(allow?.classes?.classes).to.deep.equal(['apache', '/^web/']);
  });

  it('denies where the file has no default, and takes the last of two', () => {
    expect(parse('').default).to.deep.equal({ allow: false, line: undefined });
    const { default: last, warnings } = parse('policy default allow\npolicy default deny\n');
    expect(last).to.deep.equal({ allow: false, line: 2 });
    expect(warnings).to.deep.equal(['x.policy:2: this default overrides the default in line 1']);
  });

  it('takes callers as MCollective and Choria write them', () => {
    expect(parse('allow\tchoria=rip.mcollective cert=bob.mcollective\t*\t*').rules[0]?.callers).to.deep.equal(
      ['rip.mcollective', 'bob.mcollective'],
    );
  });

  for (const [what, facts, isCompound] of [
    ['a list of facts', 'country=uk os!=x', false],
    ['regular expressions with words and parentheses', 'country=/(u and k)/', false],
    ['quotes with words', 'motd="not and (or)"', false],
    ['a path that is not a valid regular expression', 'mountpoints./var.size>1 and x=/y/', true],
    ['and', 'a=1 and b=2', true],
    ['parentheses', '(a=1)', true],
    ['an exclamation mark', '!a=1', true],
    ['not', 'NOT a=1', true],
    ['a data function', 'puppet().enabled=false', true],
  ] as const) {
    it(`sees that ${what} is ${isCompound ? '' : 'not '}a compound filter`, () => {
      const filter = parse(`allow\t*\t*\t${facts}`).rules[0]?.facts;
      expect(filter?.compound.length).to.equal(isCompound ? 1 : 0);
    });
  }

  for (const [line, message] of [
    ['allow rip.mcollective * *', 'expected a tab after "allow", found spaces'],
    ['allow\trip.mcollective\t*', '3 fields: expected callers, actions, facts'],
    ['allow\t*\t*\t*\t*\t*', '6 fields'],
    ['permit\t*\t*\t*', 'must begin with allow, deny, policy or #, not with "permit"'],
    ['policy default maybe', 'expected "policy default allow"'],
    ['policy defualt deny', 'expected "policy default allow"'],
    ['policy default', 'expected "policy default allow"'],
    ['policy default allow all', 'expected "policy default allow"'],
    ['allow\t \t*\t*', '4 fields: expected callers, actions, facts'],
    ['allow\t*\t \t*', '4 fields: expected callers, actions, facts'],
    [`${'p'.repeat(60)}\t*\t*\t*`, `not with "${'p'.repeat(40)}"`],
    ['deny\tadmns\t*\t*', '"admns" is neither a group nor a caller name'],
    ['deny\tuid=500\t*\t*', '"uid=500" can never match'],
    ['allow\trip.mcollective *\t*\t*', '"*" cannot be combined with other names'],
    ['allow\t/(/\t*\t*', 'callers:'],
    ['allow\t*\tsi/gn\t*', '"si/gn" is not a valid action name'],
    ['allow\t*\t*\tDebian', 'facts: "Debian" is not a fact filter'],
    ['allow\t*\t*\ta=1 and', 'facts: cannot read the filter at column'],
    ['allow\t*\t*\ta="1', 'facts: "a="1": a quote is not closed'],
    ["allow\t*\t*\ta=1 b='1", `facts: "a=1 b='1": a quote is not closed`],
    ['allow\t*\t*\t*\t(apache', 'classes:'],
    [`allow\t*\t*\ta=${'x'.repeat(20_000)}`, 'longer than'],
  ] as const) {
    it(`names file and line of ${JSON.stringify(line.slice(0, 40))}`, () => {
      expect(() => parse(`# one\n${line}\n`))
        .to.throw(/^x\.policy:2: /)
        .and.include({ code: 'POLICY_INVALID' });
      expect(() => parse(`# one\n${line}\n`)).to.throw(message);
    });
  }

  it('takes patterns of callers that ignore case', () => {
    expect(parse('deny\t/^Guest/i\t*\t*').rules[0]?.callers).to.deep.equal(['/^Guest/i']);
  });

  it('takes 10000 lines of 16384 characters each, and no more', () => {
    const longest = `deny\t*\t*\ta=${'x'.repeat(16_384 - 'deny\t*\t*\ta='.length)}`;
    expect(parse(longest).rules).to.have.length(1);
    expect(() => parse(`${longest}x`)).to.throw('x.policy:1: the line is longer than 16384 characters');
    const most = 'deny\t*\t*\t*\n'.repeat(10_000);
    expect(parse(most).rules).to.have.length(10_000);
    expect(() => parse(`${most}deny\t*\t*\t*`)).to.throw(
      'x.policy:10001: the file has more than 10000 lines',
    );
  });

  it('does not warn of a default that says the same again', () => {
    expect(parse('policy default allow\npolicy default allow\n').warnings).to.deep.equal([]);
  });

  for (const [what, lines, places] of [
    ['a "deny" that a missing fact would lift', ['policy default allow', 'deny\t*\t*\tstage=prod'], [2]],
    ['a "deny" that a missing class would lift', ['deny\t*\t*\t*\tweb', 'policy default allow'], [1]],
    ['no "deny" of every host', ['policy default allow', 'deny\t*\t*\t*'], []],
    ['no "allow" with facts', ['policy default allow', 'allow\t*\t*\tstage=prod'], []],
    ['nothing where the default denies', ['policy default deny', 'deny\t*\t*\tstage=prod'], []],
  ] as const) {
    it(`warns of ${what}`, () => {
      const { warnings } = parse(lines.join('\n'));
      expect(warnings).to.have.length(places.length);
      for (const [index, line] of places.entries())
        expect(warnings[index]).to.include(`x.policy:${line}: this "deny" does not apply`);
    });
  }
});

describe('parseGroups', () => {
  for (const [text, message] of [
    ['admins', 'the group "admins" has no callers'],
    ['a x\na y', 'groups:2: the group "a" is already defined'],
    ['a/b x', 'is not a valid group name'],
    ['a b\nb x', 'the group "a" contains the group "b"'],
    ['a uid=1', 'can never match'],
    ['a b$c', 'groups:1: "b$c" is not a valid caller name'],
    ['a cert=', 'groups:1: "cert=" is not a valid caller name'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseGroups(text, 'groups')).to.throw(message);
    });
  }
});
