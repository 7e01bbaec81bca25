import { useState } from 'react';

/** The link of a share, to be copied. */
export function ShareLink({ link, name }: { readonly link: string; readonly name: string }) {
  const [said, setSaid] = useState('');

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      setSaid('Copied');
    } catch {
      // Refused by the browser or the user: the text stands there to be copied by hand.
      setSaid('Select the link and copy it');
    }
    setTimeout(() => setSaid(''), 2_500);
  };

  const label = said === 'Copied' ? 'Copied link' : 'Copy link';

  return (
    <div className="share-link">
      <input
        type="text"
        readOnly
        value={link}
        data-testid="share-link"
        aria-label={`Link to ${name}`}
        onFocus={(event) => event.target.select()}
      />
      <button type="button" aria-label={`${label} to ${name}`} onClick={() => void copy()}>
        {label}
      </button>
      <output className="visually-hidden">{said}</output>
    </div>
  );
}
