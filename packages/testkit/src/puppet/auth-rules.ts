const anyone = { 'allow-unauthenticated': true };
const anyNode = { allow: '*' };
const theNodeItself = { allow: '$1' };
const nobody = { deny: '*' };
// The extension is in the certificate of a CA's own host, and the CA refuses to sign it for others.
const caClients = { allow: { extensions: { pp_cli_auth: 'true' } } };

type Permission = typeof anyone | typeof anyNode | typeof nobody | typeof caClients;

/**
 * Who may do what over HTTP: what the package allows, but that a pending CSR, which may hold a challenge password,
 * is shown to CA clients only. A path that begins with ^ is a regular expression.
 */
const rules: readonly [path: string, methods: readonly string[], permission: Permission][] = [
  ['^/puppet/v3/catalog/([^/]+)$', ['get', 'post'], theNodeItself],
  ['^/puppet/v3/node/([^/]+)$', ['get'], theNodeItself],
  ['^/puppet/v3/report/([^/]+)$', ['put'], theNodeItself],
  ['^/puppet/v3/facts/([^/]+)$', ['put'], theNodeItself],
  ['/puppet/v3/environments', ['get'], anyNode],
  ['/puppet/v3/file_bucket_file', ['get', 'head', 'post', 'put'], anyNode],
  ['/puppet/v3/file_content', ['get', 'post'], anyNode],
  ['/puppet/v3/file_metadata', ['get', 'post'], anyNode],
  ['/puppet/v3/static_file_content', ['get'], anyNode],
  ['/puppet-ca/v1/certificate/', ['get'], anyone],
  ['/puppet-ca/v1/certificate_revocation_list/ca', ['get'], anyone],
  ['^/puppet-ca/v1/certificate_revocation_list$', ['put'], caClients],
  ['/puppet-ca/v1/certificate_request', ['put'], anyone],
  ['/puppet-ca/v1/certificate_request', ['get'], caClients],
  ['/puppet-ca/v1/certificate_renewal', ['post'], anyNode],
  ['/puppet-ca/v1/certificate_status', ['get', 'put', 'delete'], caClients],
  ['/puppet-ca/v1/certificate_statuses', ['get'], caClients],
  ['/puppet-ca/v1/clean', ['put'], caClients],
  // Puppet Server 8: its "puppetserver ca sign" no longer signs by certificate_status.
  ['/puppet-ca/v1/sign', ['post'], caClients],
  ['/puppet-ca/v1/expirations', ['get'], anyNode],
  ['/status/v1/services', ['get'], anyone],
  ['/status/v1/simple', ['get'], anyone],
  ['/', ['get', 'head', 'post', 'put', 'delete'], nobody],
];

/** The rules as the server's `authorization` section wants them. */
export const authorization = {
  version: 1,
  rules: rules.map(([path, method, permission], index) => ({
    name: `${index + 1}: ${method.join(' ')} ${path}`,
    'match-request': { path, type: path.startsWith('^') ? 'regex' : 'path', method },
    'sort-order': 500 + index,
    ...permission,
  })),
};
