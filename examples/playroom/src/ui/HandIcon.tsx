import type { Hand } from '../games/rps';

// Drawn here and not written as emoji, which not every system has a font for.

const SHAPES: Record<Hand, React.ReactNode> = {
  rock: (
    <>
      <path className="body" d="M7.2 7.6 12.6 4l5.9 2.3 2.7 6.4-2.4 6.2-6.6 1.8-7-1.2L2.6 13.6Z" />
      <path d="m12.6 4 .9 5.2 7.7 3.5M7.2 7.6l6.3 1.6-2.3 5.6-8.6-1.2M11.2 14.8l1 5.9" />
    </>
  ),
  paper: (
    <>
      <path className="body" d="M5.5 3h8.8L19 7.7V21H5.5Z" />
      <path d="M14.3 3v4.7H19M8.7 11.5h6.9M8.7 14.5h6.9M8.7 17.5h4" />
    </>
  ),
  scissors: (
    <>
      <circle className="body" cx="6" cy="18" r="3" />
      <circle className="body" cx="18" cy="18" r="3" />
      <path d="M7.7 15.5 17.2 3M16.3 15.5 6.8 3" />
    </>
  ),
};

export const HandIcon = ({ hand }: { hand: Hand }) => (
  <svg className={`hand-icon ${hand}`} viewBox="0 0 24 24" role="img" aria-label={hand}>
    {SHAPES[hand]}
  </svg>
);
