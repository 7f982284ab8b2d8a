import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';
import { findPhrases, phrases } from '../words/phrases.mjs';
import { texts } from '../words/texts.mjs';

describe('what people read', function () {
  this.timeout(60_000);

  it('uses none of the listed phrases', () => {
    const found = [];
    for (const { file, line, text } of texts(root))
      for (const { words, instead } of findPhrases(text))
        found.push(`${file}:${line}: "${words}" (write: ${instead}) in: ${text.trim().slice(0, 120)}`);
    expect(found).to.deep.equal([]);
  });

  it('is read where it is written: strings of programs, texts of DDLs, lines of documents', () => {
    const files = new Set([...texts(root)].map(({ file }) => file));
    expect([...files]).to.include.members([
      'README.md',
      'docs/guides/first-agent.md',
      'ddl/puppetd.json',
      'packages/cli/dist/src/commands.js',
    ]);
  });
});

describe('the listed phrases', () => {
  const examples = [
    ['web1 does not tell of its provisioning', 'tell'],
    ['Whoever is root can write the whole file anew', 'Whoever|anew'],
    ['there is no broker here, where none is', 'where none'],
    ['that of web1 is 12 s behind the one here', 'that of |one here'],
    ['so many may fail', 'so many'],
    ['it is no JSON', 'is no JSON'],
    ['the node is there again', 'is there'],
  ];
  for (const [text, words] of examples)
    it(`are found in "${text}"`, () =>
      expect(
        findPhrases(text)
          .map((found) => found.words)
          .join('|'),
      ).to.equal(words));

  for (const text of [
    'tell them apart',
    'The daemon is no longer running',
    'There is no node of this name',
    'as long as the broker runs',
    'Node 24 or newer is required',
    'if there are any',
  ])
    it(`are not found in "${text}"`, () => expect(findPhrases(text)).to.deep.equal([]));

  it('each say what to write instead', () => {
    expect(phrases.filter(({ instead }) => instead === '')).to.deep.equal([]);
  });
});
