import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Audit, firstBrokenLine } from '../../src/security/audit.js';

describe('Audit', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function threeLines(): string {
    const file = join(folder, 'audit.jsonl');
    const first = new Audit(file);
    first.write({ caller: 'a', outcome: 'ok' });
    first.write({ caller: 'b', outcome: 'denied' });
    first.close();
    const second = new Audit(file);
    second.write({ caller: 'c', outcome: 'ok' });
    second.close();
    return readFileSync(file, 'utf8');
  }

  it('goes on with its chain after a restart', () => {
    expect(firstBrokenLine(threeLines())).to.equal(undefined);
  });

  it('shows a line that was altered by the one after it', () => {
    expect(firstBrokenLine(threeLines().replace('"denied"', '"ok"'))).to.equal(3);
  });

  it('shows a line that is missing', () => {
    const [one, , three] = threeLines().split('\n');
    expect(firstBrokenLine(`${one}\n${three}\n`)).to.equal(2);
  });
});
