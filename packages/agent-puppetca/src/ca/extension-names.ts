// Puppet's own names of the extensions in its registered arc, 1.3.6.1.4.1.34380.1.1, by their last number.
const registered = [
  ...['pp_uuid', 'pp_instance_id', 'pp_image_name', 'pp_preshared_key', 'pp_cost_center', 'pp_product'],
  ...['pp_project', 'pp_application', 'pp_service', 'pp_employee', 'pp_created_by', 'pp_environment'],
  ...['pp_role', 'pp_software_version', 'pp_department', 'pp_cluster', 'pp_provisioner', 'pp_region'],
  ...['pp_datacenter', 'pp_zone', 'pp_network', 'pp_securitypolicy', 'pp_cloudplatform', 'pp_apptier'],
  ...['pp_hostname', 'pp_owner'],
];

const authorizationArc = '1.3.6.1.4.1.34380.1.3.';

const names: ReadonlyMap<string, string> = new Map([
  ...registered.map((name, index) => [`1.3.6.1.4.1.34380.1.1.${index + 1}`, name] as const),
  [`${authorizationArc}1`, 'pp_authorization'],
  [`${authorizationArc}13`, 'pp_auth_role'],
  [`${authorizationArc}39`, 'pp_cli_auth'],
]);

/** The extension that lets a certificate administer the CA. */
export const cliAuth = 'pp_cli_auth';

/** Puppet's short name of an extension, or the OID itself where it has none. */
export function extensionName(oid: string): string {
  return names.get(oid) ?? oid;
}

/** Whether a text names an extension: one of Puppet's short names, or an OID. */
export function isExtensionName(text: string): boolean {
  return [...names.values()].includes(text) || /^\d+(\.\d+)+$/.test(text);
}

/** The extensions by their names. */
export function byName(extensions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(extensions).map(([oid, value]) => [extensionName(oid), value]));
}

/** Whether an extension gives rights on the Puppet Server. */
export function isAuthorization(oid: string): boolean {
  return oid.startsWith(authorizationArc);
}

/** Those extensions of a request or certificate that give rights on the Puppet Server, by their names. */
export function authorizationExtensions(
  extensions: Readonly<Record<string, string>>,
): Record<string, string> {
  return byName(Object.fromEntries(Object.entries(extensions).filter(([oid]) => isAuthorization(oid))));
}
