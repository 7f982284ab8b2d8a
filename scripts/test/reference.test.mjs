import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { sectionsIn } from '../reference/config-table.mjs';
import { configurations, pages } from '../reference/tables.mjs';
import { root } from '../setup.mjs';

describe('the reference of each configuration', () => {
  let all;
  before(async () => {
    all = await configurations();
  });

  it('is what its schema says: else npm run reference', async () => {
    for (const [page, text] of await pages())
      expect(readFileSync(join(root, page), 'utf8'), page).to.equal(text);
  });

  it('is made from a sound JSON Schema, which is checked nowhere else', () => {
    const ajv = new Ajv({ strict: false, logger: false });
    for (const { name, schema } of all)
      expect(ajv.validateSchema(schema), `${name}: ${JSON.stringify(ajv.errors)}`).to.equal(true);
  });

  // Keys of a section may be left to what the section says of itself, such as `subject` and `body` of a template.
  it('says of each key what it means', () => {
    const unexplained = ({ properties }, prefix, isExplained) =>
      Object.entries(properties).flatMap(([name, schema]) => {
        const key = `${prefix}${name}`;
        const isClear = isExplained || schema.description !== undefined;
        const inner = sectionsIn(schema, key);
        if (inner.length === 0) return isClear ? [] : [key];
        return inner.flatMap(([section, before]) => unexplained(section, before, isClear));
      });
    expect(all.flatMap(({ name, schema }) => unexplained(schema, `${name}: `, false))).to.deep.equal([]);
  });
});
