import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseExpression } from '../../src/filter/expression-parser.js';
import { parseFact } from '../../src/filter/fact-word.js';
import { parseAgent, parseClass, parseIdentity } from '../../src/filter/name-words.js';
import { parseWith } from '../../src/filter/parse.js';

type Refusal = readonly [text: string, ...reasons: readonly string[]];

function refuses(read: (text: string) => unknown, refusals: readonly Refusal[]): void {
  for (const [text, ...reasons] of refusals) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const refusal = expect(() => read(text)).to.throw();
      refusal.with.property('code', 'FILTER_INVALID');
      for (const reason of reasons) refusal.with.property('message').that.includes(reason);
    });
  }
}

describe('a compound filter in the syntax of another language', () => {
  refuses(parseExpression, [
    ['not (role::web&&profile::base)', 'column 15: unexpected &&: write "and"'],
    ['not a||b', 'column 6: unexpected ||: write "or"'],
    ['a && b', 'before &&: write "and"'],
    ['a = "b" && c = "d"', 'before &&: write "and"'],
    ['"a"&&"b"', 'before &&: write "and"'],
    ['os=x&&role=web', 'column 5: unexpected &&'],
    ['not a|b', 'unexpected |: write "or"'],
    ['not a;b', 'unexpected ;: write "and"'],
    ['not (a, b)', 'unexpected ,: join names with "and" or "or"'],
    ['a , b', 'before ,: join names'],
    ['not role=web,db', 'unexpected ,: write a regular expression for one of several values'],
    ['not role:web', 'unexpected :: write "::" in a class and "=" before the value of a fact'],
    ['not role:=web', 'unexpected :'],
    ['not ::apache', 'unexpected ::: leave out "::"'],
    ['not web*', 'unexpected *: write a regular expression'],
    ['not role=web*', 'unexpected *'],
    ['not web?', 'unexpected ?'],
    ['not ^web', 'unexpected ^'],
    ['not web[1-3]', 'unexpected ['],
    ['not {a,b}', 'unexpected {'],
    ['not web1..web3', 'unexpected ..'],
    ['not a-', 'unexpected -'],
    ['not -web', 'unexpected -'],
    ['not a->b', 'unexpected -'],
    ['not +web', 'unexpected +'],
    ['not .os.family=x', 'unexpected .'],
    ['not a~b', 'unexpected ~: write "=~"'],
    ['a ~= b', 'before ~: write "=~"'],
    ['a<>b', 'column 2: unexpected <>: write "!="'],
    ['a!==b', 'unexpected !==: write "!="'],
    ['a===b', 'unexpected ===: write "="'],
    ['a<=>b', 'unexpected <=>: write "="'],
    ['role in web', 'before in: write "=~"'],
    ['role LIKE "web%"', 'before LIKE: write "=~"'],
    ['role eq web', 'before eq: write "="'],
    ['(role contains web)', 'or ")": write "=~"'],
    ['not with("apache")', 'a class or a fact stands without a function'],
    ['fact("os.family") == "Debian"', 'a class or a fact stands without a function'],
    ['semver(fact("x"), ">1")', 'expected a query in quotes'],
    ['disks.#(name="sda").size=64', 'column 7: unexpected #: write the path of a fact with dots'],
    ['os["family"]=x', 'unexpected [: write the path of a fact with dots'],
    ['$os=x', 'unexpected $: write the name of a fact alone'],
    ['not %{os}=x', 'unexpected %'],
    ['G@os:Debian and web', 'unexpected @'],
    ['not web\\.x', 'unexpected \\'],
    ['not role=~web||db', 'unexpected ||'],
    ['not role=~/web/g', 'no flag but i'],
    ['not role=/web/g', 'no flag but i'],
    ['path=/a/b/', 'write \\/ for a slash within a regular expression'],
    ['/a/&&/b/', 'not a valid class name; a regular expression /…/ ends before a blank'],
    ['not /a/,/b/', 'not a valid class name'],
    ['not a\uff06\uff06b', 'unexpected \uff06: write & (U+FF06 only looks like it)'],
    ['not a\uff1db', 'write = (U+FF1D only looks like it)'],
    ['role=\u201cweb\u201d', 'write " (U+201C only looks like it)'],
    ['not \u2018web\u2019', "write ' (U+2018 only looks like it)"],
    ['not \uff41', 'write a (U+FF41 only looks like it)'],
    ['not a\u2260b', 'write != (U+2260 only looks like it)'],
    ['not a\u2228b', 'write or (U+2228 only looks like it)'],
    ['not a\u01c1b', 'write or (U+01C1 only looks like it)'],
    ['web \u0430nd db', 'expected "and" or "or" before \u0430nd'],
    ['not a\u200b', 'unexpected U+200B'],
    ['not role=a\u200b', 'unexpected U+200B'],
    ['not role=a\u02bcb', "write ' (U+02BC only looks like it)"],
    ['not caf\u00e9', 'put quotes around a name that contains it'],
  ]);

  for (const [text, expression] of [
    ['"web && db"', { kind: 'class', name: 'web && db' }],
    ["'caf\u00e9'", { kind: 'class', name: 'caf\u00e9' }],
    ['"disks.#(name)" = "a,b"', { kind: 'fact', fact: 'disks.#(name)', operator: '==', value: 'a,b' }],
    ['city=Z\u00fcrich', { kind: 'fact', fact: 'city', operator: '==', value: 'Z\u00fcrich' }],
    ['role=~^web|^db$', { kind: 'fact', fact: 'role', operator: '=~', value: '/^web|^db$/' }],
    ['mail=a+b@c.de', { kind: 'fact', fact: 'mail', operator: '==', value: 'a+b@c.de' }],
    ['url=http://x/y#z', { kind: 'fact', fact: 'url', operator: '==', value: 'http://x/y#z' }],
    ['version=1:2.0~rc1%', { kind: 'fact', fact: 'version', operator: '==', value: '1:2.0~rc1%' }],
    ['mountpoints./var.size>1', { kind: 'fact', fact: 'mountpoints./var.size', operator: '>', value: '1' }],
    ['ip.eth0:1=x', { kind: 'fact', fact: 'ip.eth0:1', operator: '==', value: 'x' }],
    ['a-b::c_d/e', { kind: 'class', name: 'a-b::c_d/e' }],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parseExpression(text)).to.deep.equal(expression);
    });
  }
});

describe('a fact in the syntax of another language', () => {
  refuses(parseFact, [
    ['disks.#(name="sda").size=64', 'the name contains "#": write the path of a fact with dots'],
    ['os["family"]=x', 'the name contains "["'],
    ['role::web&&os=x', 'the name contains "&&": write "and"'],
    ['os.family!=Debian && role=web', 'the value contains "&&": write "and"'],
    ['os.family!=Debian||x', 'the value contains "||": write "or"'],
    ['os.family!=Debian and role=web', 'the value contains "and": use "and" in a compound filter'],
    ['a!=b OR c', 'the value contains "OR": use "or" in a compound filter'],
    ['a!=b c=d', 'the value contains "="'],
    ['a!=b!=c', 'the value contains "!"'],
    ['a!=b>c', 'the value contains ">"'],
    ['role!=web,db', 'the value contains ",": write a regular expression for one of several values'],
    ['role=web,db', 'the value contains ","'],
    ['role!={web,db}', 'the value contains "{"'],
    ['role!=web*', 'the value contains "*": write a regular expression'],
    ['role!=$' + '{x}', 'the value contains "$"'],
    ['role!=(web)', 'the value contains "("'],
    ['role!=web;', 'the value contains ";"'],
    ['role!=`web`', 'the value contains "`"'],
    ['role!==web', 'the operator is "!==": write "!="'],
    ['role===web', 'the operator is "===": write "="'],
    ['role<>web', 'the operator is "<>": write "!="'],
    ['role=!web', 'the value contains "!"'],
    ['role=>>web', 'the value contains ">"'],
    ['role:=web', 'the name contains ":"'],
    ['::osfamily=x', 'the name contains "::"'],
    ['role~web', 'is not a fact filter: write "=~"'],
    ['role in web', 'is not a fact filter: write "=~"'],
    ['a && b', 'is not a fact filter: write "and"'],
    ['role=~a||b', 'the value contains "||"'],
    ['role!~a || b', 'the value contains "||"'],
    ['role!~a | b', 'the value contains "|"'],
    ['role!~web,db', 'the value contains ","'],
    ['role!=/web/g', 'no flag but i'],
    ['role!=/web/ and x=/db/', 'is not one regular expression'],
    ['role!=/web/,/db/', 'is not one regular expression'],
    ['a="b" or c="d"', 'unexpected or c="d" after the closing quote: use "or"'],
    ['a="b', 'a quote is not closed'],
    ['"a=b', 'a quote is not closed'],
    ['role!=web"', 'the value contains """: put quotes around a value'],
    ["role!=web'", 'the value contains "\'"'],
    ['role!=big "web" server', 'the value contains """'],
    ['"disk #1".size=4', 'put the whole name in quotes'],
    ['and=1', 'the name contains "and"'],
    ['a\uff1db=c', 'write = (U+FF1D only looks like it)'],
    ['os!=x \uff4fr web', 'write o (U+FF4F only looks like it)'],
    ['caf\u00e9=x', 'put quotes around a name'],
  ]);

  for (const [word, fact, value] of [
    ['"disks.#(name)"="a,b"', 'disks.#(name)', 'a,b'],
    ["'two words' = 'and or'", 'two words', 'and or'],
    ['"caf\u00e9"=x', 'caf\u00e9', 'x'],
    ['motd=two words', 'motd', 'two words'],
    ['key=abc==', 'key', 'abc=='],
    ['motd="a\\"b"', 'motd', 'a"b'],
    ['dir="C:\\temp"', 'dir', 'C:\\temp'],
    ['city=Z\u00fcrich', 'city', 'Z\u00fcrich'],
    ["owner=O'Brien", 'owner', "O'Brien"],
    ['dir=C:\\temp', 'dir', 'C:\\temp'],
    ['empty=""', 'empty', ''],
  ] as const) {
    it(`reads ${JSON.stringify(word)}`, () => {
      expect(parseFact(word)).to.deep.equal({ fact, operator: '==', value });
    });
  }

  it('takes a regular expression without slashes, of any text if it is in quotes', () => {
    expect(parseFact('role=~^(web|db)[0-9]$').value).to.equal('/^(web|db)[0-9]$/');
    expect(parseFact('role=~"a, b"').value).to.equal('/a, b/');
  });
});

describe('a class in the syntax of another language', () => {
  refuses(parseClass, [
    ['web,db', 'it contains ",": join names with "and" or "or"'],
    ['web&&db', 'it contains "&&": write "and"'],
    ['web|db', 'it contains "|": write "or"'],
    ['web*', 'it contains "*": write a regular expression'],
    ['role:web', 'it contains ":"'],
    ['!web', 'it contains "!": write "not"'],
    ['::apache', 'it contains "::": leave out'],
    ['/a/ or /b/', 'is not one regular expression'],
    ['/a/i,/b/', 'is not one regular expression'],
    ['and', 'it contains "and"'],
    ['"/a"', 'begins with a slash'],
    ['""', 'is empty'],
    ['"a', 'a quote is not closed'],
    ['"a" "b"', 'unexpected "b" after the closing quote'],
    ['\u201cweb\u201d', 'U+201C only looks like it'],
  ]);

  it('may have any name in quotes', () => {
    expect(parseClass('"odd, class"')).to.equal('odd, class');
    expect(parseClass("'C++'")).to.equal('C++');
  });
});

describe('a node or an agent in the syntax of another language', () => {
  refuses(parseIdentity, [
    ['web*', 'it contains "*": write a regular expression'],
    ['web1,web2', 'is a list: repeat the option for each node: -I web1 -I web2'],
    ['web1,web*', 'it contains ",": repeat the option'],
    ['web[1-3]', 'it contains "["'],
    ['web{1,2}', 'it contains "{"'],
    ['!web1', 'it contains "!"'],
    ['\uff37eb1', 'only looks like it'],
    ['/a/ or /b/', 'is not one regular expression'],
  ]);
  refuses(parseAgent, [
    ['pup*', 'it contains "*": write a regular expression'],
    ['a,b', 'it contains ","'],
    ['a&&b', 'it contains "&&"'],
    ['Puppetd', 'use a-z, 0-9'],
  ]);
});

describe('a mix of facts and classes in the syntax of another language', () => {
  refuses(parseWith, [
    ['web and db', 'it contains "and": use "and" in a compound filter'],
    ['web && db', 'it contains "&&"'],
    ['web || os=x', 'it contains "||"'],
    ['(web or db)', 'it contains "("'],
    ['!web', 'it contains "!"'],
    ['a = b', 'it contains "="'],
    ['web,db', 'it contains ","'],
    ['os=x,db', 'the value contains ","'],
    ['web \u0430nd db', 'put quotes around a name'],
    ['web "db', 'a quote is not closed'],
  ]);

  it('is split at blanks, but not in quotes and regular expressions', () => {
    expect(parseWith('"odd class" \'a=b\' "odd fact"="x y" role=/a b/ /c d/ e=/var/log')).to.deep.equal({
      facts: [
        { fact: 'odd fact', operator: '==', value: 'x y' },
        { fact: 'role', operator: '=~', value: '/a b/' },
        { fact: 'e', operator: '==', value: '/var/log' },
      ],
      classes: ['odd class', 'a=b', '/c d/'],
    });
  });
});
