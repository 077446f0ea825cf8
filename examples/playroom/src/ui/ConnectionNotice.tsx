type Props = { status: 'initiating' | 'connected' | 'disconnected' | 'connectionError' };

export const ConnectionNotice = ({ status }: Props) => {
  if (status === 'connected' || status === 'initiating') {
    return null;
  }
  return (
    <div className="notice" role="status">
      <p>
        <strong>Not connected.</strong> Trying again by itself. If this player
        was opened in another window, it plays on there.
      </p>
      <button onClick={() => location.reload()}>Play here</button>
    </div>
  );
};
