/** A text of another system without the secrets that it may have repeated, as they are or as a URL has them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((form) => form !== '');
  return forms.reduce((clean, form) => clean.replaceAll(form, '[redacted]'), text);
}
