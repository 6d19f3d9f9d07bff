// The nonce of the page's policy, for libraries that must add a <style> element (the editor).

export function styleNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]');
  return meta?.nonce ?? '';
}
