import { appendFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { OutputReader } from '../../src/puppet/output.js';

const longest = 16 * 1024;

describe('the output of a run', () => {
  let folder: TempFolder;
  let reader: OutputReader;
  beforeEach(async () => {
    folder = await createTempFolder();
    reader = new OutputReader(folder.join('output'));
  });
  afterEach(() => folder.close());
  const write = (text: string | Uint8Array) => appendFile(folder.join('output'), text);
  async function read(): Promise<readonly string[]> {
    const lines: string[] = [];
    for await (const some of reader.read()) lines.push(...some);
    return lines;
  }

  it('is nothing where there is no file yet', async () => {
    expect(await read()).to.deep.equal([]);
    expect(reader.rest()).to.deep.equal([]);
  });

  it('is read line by line as it grows, each line once it is complete', async () => {
    await write('one\r\ntwo\nthr');
    expect(await read()).to.deep.equal(['one', 'two']);
    expect(await read()).to.deep.equal([]);
    await write('ee\n\nfo');
    expect(await read()).to.deep.equal(['three', '']);
    expect(reader.rest()).to.deep.equal(['fo']);
    expect(reader.rest()).to.deep.equal([]);
  });

  it('has letters of several bytes whole, wherever the file was cut', async () => {
    const bytes = Buffer.from('ü\n');
    await write(bytes.subarray(0, 1));
    expect(await read()).to.deep.equal([]);
    await write(bytes.subarray(1));
    expect(await read()).to.deep.equal(['ü']);
    await write(bytes.subarray(0, 1));
    await read();
    expect(reader.rest()).to.deep.equal(['\ufffd']);
  });

  it('has many lines in their order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    await write(`${lines.join('\n')}\n`);
    expect(await read()).to.deep.equal(lines);
  });

  it('has long lines cut, and does not wait for the ends of endless ones', async () => {
    await write(`${'x'.repeat(longest)}\n${'y'.repeat(longest + 1)}\n`);
    expect((await read()).map(({ length }) => length)).to.deep.equal([longest, longest]);
    await write('z'.repeat(longest));
    expect(await read()).to.deep.equal([]);
    await write('z');
    expect(await read()).to.deep.equal(['z'.repeat(longest)]);
    expect(reader.rest()).to.deep.equal([]);
  });
});
