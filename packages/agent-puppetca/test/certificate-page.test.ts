import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type CertificateStatus, missing } from '../src/ca/ca.js';
import { type PageRequest, pageOf } from '../src/certificate-page.js';

const signed = (certname: string): CertificateStatus => ({
  ...missing(certname),
  state: 'signed',
  fingerprint: Array(32).fill('AB').join(':'),
  serial: '0123',
  not_before: '2026-01-01T00:00:00Z',
  not_after: '2031-01-01T00:00:00Z',
  subject_alt_names: [`DNS:${certname}`],
});

const nameOf = (index: number) => `node-${String(index).padStart(5, '0')}.example.net`;

describe('a page of certificates', () => {
  it('is the whole list, sorted by name, if it fits in one reply', () => {
    const page = pageOf(['b', 'a', 'c'].map(signed), {});
    expect(page.certificates.map(({ certname }) => certname)).to.deep.equal(['a', 'b', 'c']);
    expect(page).to.include({ total: 3, next: null });
  });

  it('fits in one reply, and the pages together are the list of a large CA', () => {
    const all = Array.from({ length: 10_000 }, (_, index) => signed(nameOf(index)));
    const found: CertificateStatus[] = [];
    let pages = 0;
    let after: string | undefined;
    do {
      const page = pageOf(all, { after });
      const names = page.certificates.map(({ certname }) => certname);
      expect(JSON.stringify([names, page.certificates]).length).to.be.within(1, 700_000);
      expect(page.total).to.equal(10_000);
      found.push(...page.certificates);
      after = page.next ?? undefined;
      pages += 1;
    } while (after !== undefined);
    expect(found).to.deep.equal(all);
    expect(pages).to.be.within(5, 15);
  });

  it('has a request and a certificate of one name together', () => {
    const both = [signed('a'), signed('b'), { ...signed('b'), state: 'requested' as const }, signed('c')];
    const first = pageOf(both, { limit: 2 });
    expect(first.certificates.map(({ state }) => state)).to.deep.equal(['signed', 'signed', 'requested']);
    expect(first).to.include({ total: 4, next: 'b' });
    expect(pageOf(both, { limit: 2, after: 'b' })).to.deep.equal({
      certificates: [signed('c')],
      total: 4,
      next: null,
    });
  });

  for (const [request, names] of [
    [{ match: 'web' }, ['db-web9', 'web1', 'web2']],
    [{ match: '/^web/' }, ['web1', 'web2']],
    [{ match: '/^WEB[2-9]/i' }, ['web2']],
    [{ match: 'none' }, []],
    [{ after: 'db1' }, ['web1', 'web2']],
    [{ after: 'm' }, ['web1', 'web2']],
  ] as readonly (readonly [PageRequest, readonly string[]])[])
    it(`narrows the list to ${JSON.stringify(request)}`, () => {
      const all = ['web2', 'web1', 'db1', 'db-web9'].map(signed);
      const { certificates } = pageOf(all, request);
      expect(certificates.map(({ certname }) => certname)).to.deep.equal(names);
    });

  it('refuses a wrong regular expression', () => {
    expect(() => pageOf([], { match: '/(/' }))
      .to.throw()
      .with.property('code', 'FILTER_INVALID');
  });
});
