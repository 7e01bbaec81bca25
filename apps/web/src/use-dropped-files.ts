import type { SourceFile } from '@tabswarm/node';
import { useEffect, useState } from 'react';
import { droppedFiles } from './dropped-files.ts';

/** Takes files dropped anywhere on the page; whether something is being dragged over it. */
export function useDroppedFiles(
  onFiles: (files: readonly SourceFile[]) => void,
  onError: (message: string) => void,
): boolean {
  const [dragging, setDragging] = useState(false);

  useEffect(() => {
    const onDragOver = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      setDragging(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const onDrop = (event: DragEvent): void => {
      setDragging(false);
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      droppedFiles(event.dataTransfer).then(onFiles, () =>
        onError('What you dropped could not be read. It may have been moved or deleted; drop it again.'),
      );
    };
    document.addEventListener('dragover', onDragOver);
    document.addEventListener('dragleave', onDragLeave);
    document.addEventListener('drop', onDrop);
    return () => {
      document.removeEventListener('dragover', onDragOver);
      document.removeEventListener('dragleave', onDragLeave);
      document.removeEventListener('drop', onDrop);
    };
  }, [onFiles, onError]);

  return dragging;
}
