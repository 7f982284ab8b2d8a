import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { onTerminal } from '@troupe/test-support';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isText, outputOf } from '../../src/log/format.js';

describe('the output of a log', () => {
  const withFile = (look: (fd: number, place: string) => void) => {
    const fd = openSync(devNull, 'w');
    try {
      const { dev, ino } = fstatSync(fd);
      look(fd, `${dev}:${ino}`);
    } finally {
      closeSync(fd);
    }
  };

  it('is the journal if JOURNAL_STREAM has its device and inode', () => {
    withFile((fd, place) => expect(outputOf(fd, place)).to.equal('journal'));
  });

  it('is another file or pipe if JOURNAL_STREAM belongs to a parent process, is malformed or unset', () => {
    withFile((fd, place) => {
      for (const journal of [`${place}0`, `1${place}`, '8:15', 'none', ''])
        expect(outputOf(fd, journal), journal).to.equal('other');
      expect(outputOf(fd)).to.equal('other');
    });
  });

  it('is a terminal if it is one, whatever JOURNAL_STREAM is', function () {
    const module = fileURLToPath(new URL('../../src/log/format.js', import.meta.url));
    const program = `import('${module}').then(({ outputOf }) => console.log(outputOf(1)))`;
    const [file, args] = onTerminal(this, [process.execPath, '-e', program]);
    const said = execFileSync(file, args, {
      env: { ...process.env, JOURNAL_STREAM: '8:15' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(said.trim()).to.equal('terminal');
  });
});

describe('the format of a log', () => {
  for (const [format, texts] of [
    ['auto', ['terminal', 'journal']],
    ['text', ['terminal', 'journal', 'other']],
    ['json', []],
  ] as const) {
    it(`${format} is text for: ${texts.join(', ') || 'nothing'}`, () => {
      const outputs = ['terminal', 'journal', 'other'] as const;
      expect(outputs.filter((output) => isText(format, output))).to.deep.equal(texts);
    });
  }
});
