import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseFact } from '../../src/filter/fact-word.js';
import { parseAgent, parseClass, parseIdentity } from '../../src/filter/name-words.js';
import { parseFilter, parseWith } from '../../src/filter/parse.js';

describe('a fact on the command line', () => {
  for (const [word, fact, operator, value] of [
    ['os.family=Debian', 'os.family', '==', 'Debian'],
    ['os.family==Debian', 'os.family', '==', 'Debian'],
    ['os.family != Debian', 'os.family', '!=', 'Debian'],
    ['role=/^web/', 'role', '=~', '/^web/'],
    ['role!=/^web/i', 'role', '!~', '/^web/i'],
    ['role=~^web', 'role', '=~', '/^web/'],
    ['role=~/^web/', 'role', '=~', '/^web/'],
    ['role!~^web', 'role', '!~', '/^web/'],
    ['path=/a/b/', 'path', '=~', '/a\\/b/'],
    ['path="/a/b/"', 'path', '==', '/a/b/'],
    ['path=/var/log', 'path', '==', '/var/log'],
    ['memory>=4', 'memory', '>=', '4'],
    ['memory=>4', 'memory', '>=', '4'],
    ['memory=<4', 'memory', '<=', '4'],
    ['memory<-4.5', 'memory', '<', '-4.5'],
    ['formula=a=b', 'formula', '==', 'a=b'],
    ["motd='two words'", 'motd', '==', 'two words'],
    ['  spaced  =  out  ', 'spaced', '==', 'out'],
  ] as const) {
    it(`reads ${word}`, () => {
      expect(parseFact(word)).to.deep.equal({ fact, operator, value });
    });
  }

  for (const [word, reason] of [
    ['os', '"os" is not a fact filter'],
    ['=Debian', 'not a fact filter'],
    ['os=', 'not a fact filter'],
    ['os</x/', 'cannot be compared with <'],
    ['os=/(/', 'missing closing )'],
  ] as const) {
    it(`refuses ${word}`, () => {
      expect(() => parseFact(word))
        .to.throw(reason)
        .with.property('code', 'FILTER_INVALID');
    });
  }
});

describe('names on the command line', () => {
  it('are plain or regular expressions', () => {
    expect(parseClass('apache::mod')).to.equal('apache::mod');
    expect(parseClass('/^apache/')).to.equal('/^apache/');
    expect(parseIdentity('Web1.Example.COM')).to.equal('web1.example.com');
    expect(parseIdentity('/^web/')).to.equal('/^web/');
    expect(parseIdentity('/^WEB/i')).to.equal('/^WEB/i');
    expect(parseAgent(' puppetd ')).to.equal('puppetd');
    expect(parseIdentity('group:Web.eu')).to.equal('group:Web.eu');
  });

  it('are refused when they cannot name anything', () => {
    expect(() => parseClass('os=x')).to.throw('"os=x" is not a valid class: it contains "="');
    expect(() => parseAgent('a b')).to.throw('"a b" is not a valid agent: it contains " "');
    expect(() => parseClass('')).to.throw('the class is empty');
    expect(() => parseClass('/apache')).to.throw('is not a regular expression');
    expect(() => parseIdentity('web 1')).to.throw('"web 1" is not a valid identity');
    expect(() => parseIdentity('web/1')).to.throw('"web/1" is not a valid identity');
    expect(() => parseIdentity('group:')).to.throw('"group:" is not a valid identity');
  });
});

describe('a mix of facts and classes', () => {
  it('treats a word that is not a fact as a class', () => {
    expect(parseWith('apache os.family=Debian  /^php=/ /^PHP=/i motd="two words" memory>4')).to.deep.equal({
      facts: [
        { fact: 'os.family', operator: '==', value: 'Debian' },
        { fact: 'motd', operator: '==', value: 'two words' },
        { fact: 'memory', operator: '>', value: '4' },
      ],
      classes: ['apache', '/^php=/', '/^PHP=/i'],
    });
  });

  it('must say something, and close its quotes', () => {
    expect(() => parseWith('  ')).to.throw('-W needs');
    expect(() => parseWith('motd="two words')).to.throw('a quote is not closed');
  });
});

describe('a whole command line', () => {
  it('becomes one filter', () => {
    const filter = parseFilter({
      facts: ['a=1'],
      classes: ['c'],
      agents: ['puppetd'],
      identities: ['X1'],
      with: ['d b=2'],
      select: ['c and not b=3'],
    });
    expect(filter).to.deep.equal({
      facts: [
        { fact: 'a', operator: '==', value: '1' },
        { fact: 'b', operator: '==', value: '2' },
      ],
      classes: ['c', 'd'],
      agents: ['puppetd'],
      identities: ['x1'],
      compound: [
        {
          kind: 'and',
          of: [
            { kind: 'class', name: 'c' },
            { kind: 'not', of: { kind: 'fact', fact: 'b', operator: '==', value: '3' } },
          ],
        },
      ],
    });
  });

  it('may be empty', () => {
    expect(parseFilter({})).to.deep.equal({
      facts: [],
      classes: [],
      agents: [],
      identities: [],
      compound: [],
    });
  });
});
