import type { Facts } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { groupWarnings, parseGroups } from '../../src/policy/groups.js';
import { parsePolicy } from '../../src/policy/parse.js';

const groups = parseGroups('ops alice.mcollective Bob.mcollective\n', 'groups');
const actions = ['enable', 'disable', 'runonce'];
const warningsOf = (line: string, known: readonly string[] | undefined = actions, facts?: Facts) =>
  parsePolicy(`policy default deny\n${line}\n`, 'puppetd.policy', {
    groups,
    callers: /\.mcollective$/i,
    ...(known && { actions: known }),
    ...(facts && { facts }),
  }).warnings;

describe('a line of a policy that can never match', () => {
  for (const [line, ...warnings] of [
    ['deny\tRIP.mcollective\t*\t*', '"RIP.mcollective" never matches: caller names consist of a-z'],
    ['deny\tchoria=RIP.mcollective\t*\t*', '"RIP.mcollective" never matches'],
    ['allow\tRIP.mcollective\t*\t*', '"RIP.mcollective" never matches'],
    ['deny\tops\t*\t*', '"Bob.mcollective" never matches'],
    [
      'deny\t/^RIP/\t*\t*',
      '/^RIP/ needs a capital letter, but caller names are in lower case: write /^RIP/i',
    ],
    [
      'deny\t/^choria=rip/\t*\t*',
      '/^choria=rip/ never matches: caller names are the names of certificates, without "choria=" or "cert=": write /^rip/',
    ],
    ['deny\t/^uid=0/\t*\t*', '/^uid=0/ never matches: caller names are the names of certificates'],
    ['allow\t/^(choria=)?rip/ /^(cert=|)rip/ /[=a]ip/ /^r=?ip/ /^r=*ip/\t*\t*'],
    ['deny\t*\tdisabel\t*', '"disabel" never matches: the DDL of the agent has no such action'],
    ['deny\t*\tDisable\t*', '"Disable" never matches'],
    ['allow\t*\tstop enable\t*', '"stop" never matches'],
    ['deny\tRIP.mcollective\tstop\t*', '"RIP.mcollective" never matches', '"stop" never matches'],
    [
      'deny\tRIP.mcollective\t*\t*',
      '"RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-" (did you mean "rip.mcollective"?)',
    ],
    [
      'deny\t/^eve\\.lab$/\t*\t*',
      '/^eve\\.lab$/ never matches: callers must match /\\.mcollective$/i, and no name matches both',
    ],
    ['deny\t/\\.lab$/\t*\t*', '/\\.lab$/ never matches: callers must match'],
    ['deny\t/^eve$/\t*\t*', '/^eve$/ never matches: callers must match'],
    ['deny\t*\t*\tcountry=uk country!=uk', 'the line never matches: it requires country=uk and country!=uk'],
    ['deny\t*\t*\tos=~/x/ and os!~/x/', 'the line never matches: it requires os=~/x/ and os!~/x/'],
    [
      'deny\t*\t*\tcountry=uk country=de',
      'the line never matches with a single value of the fact: it requires country=uk and country=de',
    ],
    [
      'deny\t*\t*\tcores>8 and cores<=8',
      'the line never matches with a single value of the fact: it requires cores>8 and cores<=8',
    ],
    ['deny\t*\t*\tcountry=uk\tweb and not web', 'the line never matches: it requires the class web and its'],
    ['deny\t*\t*\t(a=1 or b=2) and not (a=1 or b=2)', 'the line never matches: it requires a=1 and not a=1'],
    [
      'deny\t*\t*\tpuppet().enabled=true and not puppet().enabled=true',
      'the line never matches: it requires puppet().enabled=true and not puppet().enabled=true',
    ],
    [
      'deny\t*\t*\t*\tRole::Web',
      'the class "Role::Web" has a capital letter, but the names of Puppet\'s classes are in lower case (did you mean "role::web"?)',
    ],
    [
      'deny\t*\t*\tos.family=debian',
      'os.family=debian: the fact is usually "Debian", and letter case matters here, in Choria it does not: write os.family=Debian',
    ],
    ['allow\t*\t*\tnot (kernel!=linux or a=1)', 'kernel!=linux: the fact is usually "Linux"'],
    [
      'deny\t*\t*\tis_virtual=True',
      'is_virtual=True: a Boolean fact equals only "true" or "false" here, in Choria other spellings, too: write is_virtual=true',
    ],
    ['deny\t*\t*\ta=1\tvirtual=F and web', 'virtual=F: a Boolean fact equals only'],
    ['deny\t*\t*\tos.family=Debian kernel=~/linux/ is_virtual=true country=uk'],
    [
      'allow\t*\t*\t*\ndeny\trip.mcollective\tdisable\t*',
      undefined,
      'the line is never reached: line 2 decides every call that it matches',
    ],
    [
      'allow\t/^r/ rip.mcollective\tenable disable\t*\ndeny\trip.mcollective\tdisable\tcountry=uk',
      undefined,
      'the line is never reached: line 2 decides every call that it matches',
    ],
  ] as const) {
    it(`is a warning: ${JSON.stringify(line)}`, () => {
      const found = warningsOf(line);
      // What comes after "undefined" is about the next line.
      const at = 2 + warnings.filter((warning) => warning === undefined).length;
      const expected = warnings.filter((warning) => warning !== undefined);
      expect(found).to.have.length(expected.length);
      for (const [index, warning] of expected.entries())
        expect(found[index]).to.include(`puppetd.policy:${at}: ${warning}`);
    });
  }

  for (const line of [
    'deny\trip.mcollective\tdisable enable\t*',
    'deny\t*\t*\t*',
    'deny\t/^RIP/i\t*\t*',
    'deny\t/^(?i)RIP/\t*\t*',
    'deny\t/^rip/\t*\t*',
    'deny\t/\\.mcollective$/\t*\t*',
    'deny\t/^ops.*collective$/\t*\t*',
    'deny\t/^rip\\.mcollective$/\t*\t*',
    'deny\t/^rip\\.(lab|mcollective)$/\t*\t*',
    'deny\t*\t*\tcountry=uk or country=de',
    'deny\t*\t*\tnot country=uk and not country=de',
    'deny\t*\t*\tcores>=8 cores<=8',
    'deny\t*\t*\trelease>1.9 release<1.10',
    'deny\t*\t*\tcountry!=uk country!=de',
    'deny\t*\t*\tos=~/a/ os=~/b/',
    'deny\t*\t*\tpuppet().enabled=true and puppet().idling=false',
    'deny\t*\t*\t*\t/^Role/',
    'deny\trip.mcollective\tdisable\t*\nallow\t*\t*\t*',
    'deny\trip.mcollective\t*\tcountry=uk\ndeny\trip.mcollective\t*\t*',
    'deny\trip.mcollective\tdisable\t*\ndeny\trip.mcollective\t*\t*',
    'deny\t/^[A-Z]?\\S+\\PL\\p{Ll}(?P<NAME>x)/\t*\t*',
  ]) {
    it(`is none of these: ${JSON.stringify(line)}`, () => {
      expect(warningsOf(line)).to.deep.equal([]);
    });
  }

  it('is not recognized by its action where the DDL of the agent is unknown', () => {
    expect(
      parsePolicy('deny\t*\tdisabel\t*\n', 'x.policy', { groups, callers: /\.mcollective$/ }).warnings,
    ).to.deep.equal([]);
  });
});

describe('a line of groups that can never match', () => {
  it('is a warning with its line, whether a policy uses the group or not', () => {
    const text = '# who\nops rip.mcollective cert=RIP.mcollective\n\nlab choria=eve.lab\n';
    expect(groupWarnings(text, 'groups', /\.mcollective$/)).to.deep.equal([
      'groups:2: "RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-" (did you mean "rip.mcollective"?)',
      'groups:4: "eve.lab" never matches: the names of callers must match /\\.mcollective$/',
    ]);
    expect(groupWarnings(text, 'groups', undefined)).to.have.length(1);
  });
});

describe('a line of a policy in the syntax of another language', () => {
  for (const [line, reason] of [
    ['deny\t*\t*\trole::web&&os.family=Debian', 'facts: "role::web&&os.family=Debian" is not a fact filter'],
    ['deny\t*\t*\tos=x && role=web', 'facts: "&&" is not a fact filter: the name contains "&&": write "and"'],
    ['deny\t*\t*\tos=x||role=web', 'the value contains "||": write "or"'],
    ['deny\t*\t*\trole=web,db', 'the value contains ","'],
    ['deny\t*\t*\tnot (web||db)', 'unexpected ||: write "or"'],
    ['deny\t*\t*\tdisks.#(name="sda").size=64', 'unexpected #'],
    ['deny\t*\t*\trole=web*', 'the value contains "*"'],
    ['deny\t*\t*\t* os=x', 'facts: "*" is not a fact filter'],
    ['deny\t*\t*\tos\uff1dx', 'write = (U+FF1D only looks like it)'],
    ['deny\t*\t*\t*\tweb,db', 'classes: "web,db" is not a valid class: it contains ","'],
    ['deny\t*\t*\t*\tweb&&db', 'classes: "web&&db" is not a valid class: it contains "&&"'],
    ['deny\t*\t*\t*\tweb || db', 'classes: "||" is not a valid class: it contains "||"'],
    ['deny\t*\t*\t*\tweb*', 'classes: "web*" is not a valid class'],
    ['deny\t*\t*\t*\t* web', 'classes: "*" is not a valid class'],
    ['deny\t*\t*\t*\t::web', 'classes: "::web" is not a valid class: it contains "::"'],
    ['deny\t*\t*\t*\t/a/,/b/', 'classes: "/a/,/b/" is not one regular expression'],
    ['deny\t*\t*\t*\tweb \u0430nd db', 'put quotes around a name'],
    ['deny\t*.mcollective\t*\t*', '"*.mcollective" is not a valid caller name'],
    ['deny\trip.mcollective,bob.mcollective\t*\t*', 'with a blank between two names'],
    ['deny\t!rip.mcollective\t*\t*', 'is not a valid caller name'],
    ['deny\t/a/,/b/\t*\t*', 'callers:'],
    ['deny\t*\tenable,disable\t*', '"enable,disable" is not a valid action name'],
    ['deny\t*\tdis*\t*', '"dis*" is not a valid action name'],
    ['deny\t*\t!enable\t*', '"!enable" is not a valid action name'],
  ] as const) {
    it(`is refused: ${JSON.stringify(line)}`, () => {
      expect(() => warningsOf(line))
        .to.throw(/^puppetd\.policy:2: /)
        .with.property('code', 'POLICY_INVALID');
      expect(() => warningsOf(line)).to.throw(reason);
    });
  }

  it('may name facts and classes with other characters in quotes', () => {
    const { rules } = parsePolicy(
      'deny\t*\t*\t"odd \\"fact, and"="a, b" c=/d e/\t"odd, class" \'x and y\'\nallow\t*\t*\t"a\\" or b"=c\n',
      'x.policy',
      { groups },
    );
    expect(rules[0]?.facts?.facts).to.deep.equal([
      { fact: 'odd "fact, and', operator: '==', value: 'a, b' },
      { fact: 'c', operator: '=~', value: '/d e/' },
    ]);
    expect(rules[0]?.classes?.classes).to.deep.equal(['odd, class', 'x and y']);
    expect(rules[1]?.facts?.facts).to.deep.equal([{ fact: 'a" or b', operator: '==', value: 'c' }]);
  });
});

describe('a comparison that is true in Choria only', () => {
  const facts = { site: 'London', tags: ['A'], virtual: false, flag: 'True', os: { family: 'debian' } };

  for (const [condition, warning] of [
    ['site=london', 'site=london: the fact is on this host "London"'],
    ['site=London', undefined],
    ['site=paris', undefined],
    ['os.family=debian', undefined],
    ['virtual=False', 'virtual=False: a Boolean fact equals only'],
    ['flag=True', undefined],
    ['absent=True', 'absent=True: a Boolean fact equals only'],
  ] as const) {
    it(`is ${warning === undefined ? 'not ' : ''}named if the condition is ${condition}`, () => {
      const warnings = warningsOf(`allow\t*\t*\t${condition}`, undefined, facts);
      expect(warnings).to.have.length(warning === undefined ? 0 : 1);
      if (warning !== undefined) expect(warnings[0]).to.include(warning);
    });
  }
});
