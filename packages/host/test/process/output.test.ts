import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CapturedOutput } from '../../src/index.js';

describe('what is kept of an output', () => {
  const kept = (most: number | undefined, ...chunks: readonly Buffer[]) => {
    const output = new CapturedOutput(most);
    for (const chunk of chunks) output.write(chunk);
    return output.text;
  };
  const text = Buffer.from('größer');

  it('is all of it by default, also where a character comes in two pieces', () => {
    expect(kept(undefined, text.subarray(0, 3), text.subarray(3))).to.equal('größer');
  });

  it('is its beginning if it has more bytes than are kept', () => {
    expect(kept(2, text)).to.equal('gr');
    expect(kept(2, Buffer.from('g'), text, text)).to.equal('gg');
    expect(kept(8, text)).to.equal('größer');
  });
});
