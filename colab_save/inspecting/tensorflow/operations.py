"""The operations of TensorFlow that touch files, run Python or other native code, or end the process.

`saved_model` and `litert` search graphs for them, `keras.arguments` the layers of Keras 2 that hold one node.
Operations that only compute are not listed. A SavedModel needs some that read the variables and vocabularies in its own
folder; `saved_model` decides when those count.
"""

from __future__ import annotations

_UNSAFE = """
PyFunc PyFuncStateless EagerPyFunc
ReadFile WriteFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2
FixedLengthRecordReader FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader
Save SaveSlices Restore RestoreSlice LoadAndRemapMatrix GenerateVocabRemapping
TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 SqlDataset
LMDBDataset ExperimentalLMDBDataset ExperimentalSqlDataset MatchingFilesDataset ExperimentalMatchingFilesDataset
CSVDataset CSVDatasetV2 ExperimentalCSVDataset CacheDataset CacheDatasetV2 SnapshotDataset SnapshotDatasetV2
SnapshotDatasetReader SaveDataset SaveDatasetV2 LoadDataset DatasetToTFRecord ExperimentalDatasetToTFRecord
DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 RegisterDataset RegisterDatasetV2
CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary WriteGraphSummary WriteRawProtoSummary
WriteScalarSummary WriteImageSummary WriteAudioSummary WriteHistogramSummary ImportEvent
DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary
DecodeProtoV2 EncodeProto RpcCall RpcClient RpcServer TryRpc Rpc
CustomCall XlaCustomCallV2 TRTEngineOp InitializeTRTResource CreateTRTResourceHandle RemoteFusedGraphExecute
BigQueryReader CloudBigtableClient KafkaDataset
Abort
"""

UNSAFE_OPERATIONS = frozenset(_UNSAFE.split())
"""These need trust wherever they are."""

CHECKPOINT_OPERATIONS = frozenset({"SaveV2", "RestoreV2", "MergeV2Checkpoints"})
"""These read and write any path; every SavedModel has them in its own save and restore functions."""

TABLE_OPERATIONS = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
"""These read a vocabulary, which belongs into the assets of the folder."""
