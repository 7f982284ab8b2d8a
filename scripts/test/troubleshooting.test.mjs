import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

const text = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
const [byHand] = text.split('\n## All codes\n');

describe('the page on troubleshooting', () => {
  it('links to headings that are there', () => {
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).to.deep.equal([]);
  });

  it('leads from every symptom to a code', () => {
    const sections = byHand.split('\n### ').slice(1);
    const lost = sections.filter((section) => !/^Codes?: \[/m.test(section) || !/^`[^`]+`\n/.test(section));
    expect(lost).to.deep.equal([]);
  });
});
